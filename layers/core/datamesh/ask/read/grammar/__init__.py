"""The grammar: rules that make forms of a question's annotations. Each is a few lines; `chart.rule` runs them.

question -> outputs -> sets -> predicates -> sets ...
"""
