"""What becomes of requests for access: asked for, withdrawn, decided on, given back, renewed, over.

Whoever is neither the requester nor an owner of all that a request is about is told that there is no such request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from datamesh.access.effects import Effects
from datamesh.access.wish import Consent, Decision, Renewal, Wish, less_of, moment, wished
from datamesh.errors import AccessDenied, InfrastructureError, Transient, UnknownProduct, UserError
from datamesh.govern.access_store import AccessStore, Stored
from datamesh.govern.deciding import approved_by_policy, fitted, may_decide, narrowed
from datamesh.govern.policy import Governed, owners_of
from datamesh.govern.requests import MESH, Request, decided, ended, renewed

__all__ = ["Desk"]

logger = Logger(service="manage_access", child=True)

Change = Callable[[Request], Request]

_TRIES = 4
_MOST_WAITING = 100  # requests of one principal that nobody has decided on
_LISTED = 500


@dataclass(frozen=True)
class Desk:
    """`promised` gives the contracts in force of a domain, `None` those of all domains."""

    store: AccessStore
    effects: Effects
    promised: Callable[[str | None], Sequence[Governed]]
    now: Callable[[], datetime]

    def ask(self, wish: Wish, principal: str) -> Request:
        """The new request; or, of the same id, the one from before. It looks at no product, and so tells of none."""
        request = wished(wish, principal, self.now())
        before = self.store.get(request.id)
        if before is None:
            if self.store.waiting_of(principal) >= _MOST_WAITING:
                raise UserError(f"{_MOST_WAITING} requests of yours wait already", hint="Wait until they are decided.")
            if self.store.put(request):
                return self._settled(request)
            before = self._stored(request.id)
        if not _alike(before.request, request):
            raise UserError("this request id is another request's", hint="Give another one, or none.")
        return self._settled(before.request)

    def show(self, request_id: str, principal: str) -> Request:
        """Raises UnknownProduct for who may not see it, as for what is none."""
        return self._seen(request_id, principal).request

    def list(self, principal: str, domain: str = "", *, to_decide: bool = False) -> list[Request]:
        """Those of `principal`; or, of a domain or to be decided on, those of others that they own. The last first."""
        if not domain and not to_decide:
            mine = [it.request for it in self.store.of_principal(principal)]
            return sorted(mine, key=lambda it: it.steps[0].at, reverse=True)[:_LISTED]
        products, at = self.promised(domain or None), self.now()
        owned = {it.contract.domain for it in products if principal in owners_of(it.contract, it.account, at)}
        found = (it.request for name in sorted(owned) for it in self.store.of_domain(name, undecided=to_decide))
        return [it for it in found if _owns(principal, it, products, at) and _open(it, principal, to_decide)][:_LISTED]

    def approve(self, request_id: str, consent: Consent, principal: str) -> Request:
        """Raises AccessDenied for who asked themselves, UserError where it does not fit, is more than was asked, or is
        decided already."""
        products = self.promised(self._seen(request_id, principal).request.domain)

        def change(request: Request) -> Request:
            at, given = self.now(), None
            may_decide(request, principal, products, at)
            if request.state == "requested":
                given = fitted(request.wish, products, less_of(consent, at))
            elif request.state == "granted" and request.granted:  # said again, it means what it meant then
                given = narrowed(request.wish, less_of(consent, request.granted.at))
            return decided(request, "granted", principal, at, consent.note.strip(), given=given)

        return self._step(request_id, change)

    def deny(self, request_id: str, decision: Decision, principal: str) -> Request:
        """Raises AccessDenied for who asked themselves, UserError where it is decided already."""
        products = self.promised(self._seen(request_id, principal).request.domain)
        if not decision.note.strip():
            raise UserError("whoever denies a request says why", hint="Give a note.")

        def change(request: Request) -> Request:
            at = self.now()
            may_decide(request, principal, products, at)
            return decided(request, "denied", principal, at, decision.note.strip())

        return self._step(request_id, change)

    def withdraw(self, request_id: str, decision: Decision, principal: str) -> Request:
        """By who asked, as long as nobody decided. Raises AccessDenied for owners, UserError where it is too late."""
        if self._seen(request_id, principal).request.wish.principal != principal:
            raise AccessDenied("only who asked withdraws a request", rule="requester", hint="Deny it, saying why.")
        note = decision.note.strip()
        return self._step(request_id, lambda request: ended(request, "withdrawn", principal, self.now(), note))

    def revoke(self, request_id: str, decision: Decision, principal: str) -> Request:
        """By an owner; or by who holds it, giving it back."""
        self._seen(request_id, principal)
        note = decision.note.strip()
        return self._step(request_id, lambda request: ended(request, "revoked", principal, self.now(), note))

    def renew(self, request_id: str, renewal: Renewal, principal: str) -> Request:
        """By an owner; or by who holds it, as far as the contract grants it without asking."""
        products = self.promised(self._seen(request_id, principal).request.domain)
        until = moment(renewal.until, self.now())

        def change(request: Request) -> Request:
            mine = principal == request.subscription.principal
            later = renewed(request, until, MESH if mine else principal, self.now(), renewal.note.strip())
            if not mine:
                may_decide(request, principal, products, self.now())
            elif approved_by_policy(later, products, self.now()) is None:
                raise AccessDenied("an owner renews this access", rule="own-request", hint="Ask an owner, or anew.")
            return later

        return self._step(request_id, change)

    def approve_by_policy(self, request_id: str) -> str:
        """Grants what the contract says is granted without asking. The state it is in then."""
        at = self.now()

        def change(request: Request) -> Request:
            if request.state != "requested" or at >= min(request.decide_by, request.wish.until):
                return request
            fits = approved_by_policy(request, self.promised(request.domain), at)
            return decided(request, "granted", MESH, at, "as the contract declares", given=fits) if fits else request

        return self._step(request_id, change).state

    def wait(self, request_id: str, token: str) -> str:
        """Keeps the token of who waits for the decision; says it at once where there is one. Its state."""
        self.store.wait(request_id, token)
        stored = self._stored(request_id)
        if stored.request.state != "requested":
            self.effects.machine.follow(stored)
        return stored.request.state

    def end(self, request_id: str) -> str:
        """Ends what is over: a request that nobody decided on, access whose time has come. The state it is in then."""
        at = self.now()

        def change(request: Request) -> Request:
            if request.state == "requested" and at >= min(request.decide_by, request.subscription.until):
                return ended(request, "lapsed", MESH, at)
            if request.state == "granted" and at >= request.subscription.until:
                return ended(request, "expired", MESH, at)
            return request

        request = self._step(request_id, change)
        if request.state == "granted":
            self.effects.timer.follow(request, at)  # that of before a renewal went off
        return request.state

    def sweep(self) -> int:
        """Ends what is over, and does what is still to be done. How many; raises when it could not for some of them."""
        ids = [stored.request.id for stored in self.store.due(self.now())]
        failed = [request_id for request_id in ids if not self._swept(request_id)]
        if failed:
            raise InfrastructureError(f"could not attend to {len(failed)} requests, {failed[0]} among them")
        return len(ids)

    def _swept(self, request_id: str) -> bool:
        try:
            self.end(request_id)
            self.effects.settle(request_id)
        except (Transient, ClientError, BotoCoreError) as error:
            logger.warning("not swept", request_id=request_id, error=type(error).__name__)
            return False
        return True

    def _seen(self, request_id: str, principal: str) -> Stored:
        stored = self.store.get(request_id)
        if stored is None or (
            stored.request.subscription.principal != principal
            and not _owns(principal, stored.request, self.promised(stored.request.domain), self.now())
        ):
            raise UnknownProduct("no such request", hint="`mesh access list` shows yours.")
        return stored

    def _stored(self, request_id: str) -> Stored:
        stored = self.store.get(request_id)
        if stored is None:
            raise UnknownProduct("no such request")
        return stored

    def _step(self, request_id: str, change: Change) -> Request:
        """The request after `change`, looked at anew as often as somebody else came first."""
        for _ in range(_TRIES):
            request = self._stored(request_id).request
            after = change(request)
            if after.sequence == request.sequence or self.store.put(after):
                return self._settled(after)
        raise Transient("others write this request")

    def _settled(self, request: Request) -> Request:
        """What was written stands, even where what follows it has to wait for the sweep."""
        try:
            self.effects.settle(request.id)
        except (Transient, ClientError, BotoCoreError) as error:
            logger.warning("not settled", request_id=request.id, error=type(error).__name__)
        return request


def _owns(principal: str, request: Request, products: Iterable[Governed], at: datetime) -> bool:
    """Whether it is their own, or they own all that it is about."""
    try:
        may_decide(request, principal, products, at)
    except AccessDenied as denied:
        return denied.rule == "own-request"
    return True


def _open(request: Request, principal: str, to_decide: bool) -> bool:
    return not to_decide or (request.state == "requested" and request.subscription.principal != principal)


def _alike(before: Request, again: Request) -> bool:
    """Whether the same was asked for, but for the time: a span is another one each time that it is said."""
    until = before.wish.until
    return replace(again.wish, until=until) == before.wish and before.purpose == again.purpose
