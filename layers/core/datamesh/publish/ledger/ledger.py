"""The ledger of one domain, in one DynamoDB table.

products                  <product>            the contract in force
subscriptions             <request id>         access to products that was asked for and granted
contract#<product>        <version>            what became of a contract that was put
product#<product>         lease                who works on the product
                          maintained#<table>   the newest maintenance of a table of it
                          batch#<batch id>     a run
steps#<product>#<batch>   <time>#...           what a run did
arrival#.. object#.. pending#..                see objects.py
"""

from __future__ import annotations

from datamesh.publish.ledger.objects import ObjectItems

__all__ = ["Ledger"]


class Ledger(ObjectItems):
    """Products, objects, leases and batches. Made of a DynamoDB table resource; `now` is the clock.

    Its writes are conditional: each says what must still be so. Its reads are strongly consistent.
    """
