"""Turns the booking grammar (JSGF) into a trigram language model (ARPA).

pocketsphinx searches a grammar of this size slowly, and prunes sentences it should have kept; the same sentences as a
trigram model, over the same closed vocabulary, are searched in a tree of words: faster, and with wider beams.
"""

import collections
import math
import random
import re

SENTENCES = 60_000
TOKEN = re.compile(r"<[^>]*>|/[0-9.]+/|[()\[\]|+*;=]|[^\s()\[\]|+*;=<>/]+")


def parse(text):
    """Rules by name. A rule is a nest of ("seq", …), ("alt", [(weight, node)…]), ("opt", node), ("more", node), words."""
    text = re.sub(r"//[^\n]*", "", text)
    body = text.split(";", 2)[2]
    tokens = TOKEN.findall(body.replace("public ", ""))
    rules, at = {}, 0
    while at < len(tokens):
        name = tokens[at]
        if tokens[at + 1] != "=":
            raise ValueError(f"expected = after {name}")
        rules[name], at = alternatives(tokens, at + 2)
        if tokens[at] != ";":
            raise ValueError(f"expected ; at the end of {name}, got {tokens[at]}")
        at += 1
    return rules


def alternatives(tokens, at):
    choices, weight, sequence = [], 1.0, []
    while True:
        token = tokens[at]
        if token in ("|", ";", ")", "]"):
            choices.append((weight, ("seq", sequence)))
            if token != "|":
                return ("alt", choices), at
            weight, sequence, at = 1.0, [], at + 1
        elif token.startswith("/"):
            weight, at = float(token.strip("/")), at + 1
        elif token in ("(", "["):
            node, end = alternatives(tokens, at + 1)
            sequence.append(("opt", node) if token == "[" else node)
            at = end + 1
        elif token in ("+", "*"):
            sequence[-1] = ("more", sequence[-1])
            at += 1
        else:
            sequence.append(token)
            at += 1


def sample(rules, node, draw, out):
    if isinstance(node, str):
        if node.startswith("<"):
            sample(rules, rules[node], draw, out)
        else:
            out.append(node)
        return
    kind, body = node
    if kind == "seq":
        for part in body:
            sample(rules, part, draw, out)
    elif kind == "alt":
        point = draw() * sum(weight for weight, _ in body)
        for weight, choice in body:
            point -= weight
            if point < 0:
                break
        sample(rules, choice, draw, out)
    elif kind == "opt":
        if draw() < 0.5:
            sample(rules, body, draw, out)
    else:
        sample(rules, body, draw, out)
        while draw() < 0.7:
            sample(rules, body, draw, out)


def sentences(rules, count=SENTENCES, root="<utterance>"):
    """So many random sentences; the same ones every time."""
    draw = random.Random(1).random
    for _ in range(count):
        out = []
        sample(rules, root, draw, out)
        yield out


def arpa(corpus):
    """A trigram model of the sentences, interpolated by Witten-Bell, as ARPA text."""
    counts = [collections.Counter() for _ in range(3)]
    for words in corpus:
        padded = ["<s>", *words, "</s>"]
        for order in range(3):
            for i in range(len(padded) - order):
                counts[order][tuple(padded[i : i + order + 1])] += 1
    unigrams = counts[0]
    total = sum(unigrams.values()) - unigrams[("<s>",)]
    histories = [collections.Counter(), collections.Counter()]
    kinds = [collections.Counter(), collections.Counter()]
    for order in (1, 2):
        for gram, count in counts[order].items():
            histories[order - 1][gram[:-1]] += count
            kinds[order - 1][gram[:-1]] += 1

    def backoff(history):
        table = histories[len(history) - 1]
        if history not in table:
            return 1.0
        distinct = kinds[len(history) - 1][history]
        return distinct / (table[history] + distinct)

    def probability(gram):
        if len(gram) == 1:
            return max(unigrams[gram], 1) / total
        history = gram[:-1]
        lower = probability(gram[1:])
        own = counts[len(gram) - 1][gram]
        table = histories[len(history) - 1]
        if history not in table:
            return lower
        distinct = kinds[len(history) - 1][history]
        return (own + distinct * lower) / (table[history] + distinct)

    lines = ["\\data\\"]
    lines += [f"ngram {order + 1}={len(counts[order])}" for order in range(3)]
    for order in range(3):
        lines.append(f"\n\\{order + 1}-grams:")
        for gram in sorted(counts[order]):
            log = -99.0 if gram == ("<s>",) else math.log10(probability(gram))
            line = f"{log:.4f} {' '.join(gram)}"
            if order < 2 and gram[-1] != "</s>":
                line += f" {math.log10(backoff(gram)):.4f}"
            lines.append(line)
    lines.append("\n\\end\\\n")
    return "\n".join(lines)


def ends(rules, node, words, starts):
    """Where in `words` the node can end, if it begins at one of `starts`."""
    if not starts:
        return starts
    if isinstance(node, str):
        if node.startswith("<"):
            return ends(rules, rules[node], words, starts)
        return {i + 1 for i in starts if i < len(words) and words[i] == node}
    kind, body = node
    if kind == "seq":
        for part in body:
            starts = ends(rules, part, words, starts)
        return starts
    if kind == "alt":
        return set().union(*(ends(rules, choice, words, starts) for _, choice in body))
    if kind == "opt":
        return starts | ends(rules, body, words, starts)
    reached, fresh = set(), starts
    while fresh:
        fresh = ends(rules, body, words, fresh) - reached
        reached |= fresh
    return reached


def accepts(rules, words, root="<utterance>"):
    """Whether the grammar has this sentence."""
    return len(words) in ends(rules, root, words, {0})
