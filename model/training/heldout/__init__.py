"""Held-out requests that judge the classifier: attacks and ordinary text of our own.

A production is one line of a grammar file (attacks/FAMILY.txt, texts/KIND.txt), a
carrier one ordinary request (carriers_val.py, carriers_test.py). Each belongs to
val or to test, never to both. `python3 -m heldout` writes the requests.
"""
