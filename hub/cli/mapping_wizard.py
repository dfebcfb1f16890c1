# SPDX-License-Identifier: Apache-2.0
"""The dialogue that maps a CRM's consent fields: it proposes, a person answers, a sample shows what the answers mean,
and only then are they saved, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from hub.cli import questions, shown_texts, trials
from hub.cli.session import controller, out, user
from hub.contract import BadInput, Channel, Crm, Expression, Property, PropertyKind, Purpose
from hub.flows import mappings, wizard
from hub.flows.candidates import meaning
from hub.flows.wizard import Ground, Parts
from hub.flows.world import World
from hub.store.tables import Connection
from hub.work.crew import Crew

_LIKELY = 6
_FIELD = "a field"
_EXPRESSIONS: dict[str, str] = {
    Expression.EXPRESS_STATEMENT: "they ticked, signed or wrote a sentence that says so",
    Expression.AFFIRMATIVE_ACT: "they did something that shows it, such as calling back",
    Expression.IMPLIED: "it was assumed, for instance of customers",
    Expression.OPT_OUT_NOT_USED: "they did not untick a box",
}
_PURPOSES: dict[str, str] = {
    Purpose.MARKETING: "advertising, newsletters, offers",
    Purpose.UTILITY: "only messages about an order or a contract",
    _FIELD: "a field of the CRM says it",
}
_CHANNELS: dict[str, str] = {
    Channel.WHATSAPP: "WhatsApp, as the text shown says",
    **{str(one): f"{one} alone, not WhatsApp" for one in Channel if one is not Channel.WHATSAPP},
    _FIELD: "a field of the CRM says it",
}
_PROOFS = {
    "confirmed_at": "the time at which the holder of the number confirmed it from that number",
    "inbound_message": "the id of a message that came from the number",
    "email_confirmed_at": "the time of an e-mail double opt-in: it proves the e-mail address alone",
}
_BASES = {"UNKNOWN": "none of these", "CONSENT": "consent", "CONTRACT": "contract", "LEGITIMATE_INTEREST": "interest"}
_SAME = "same"


def run(
    built: World, hands: Crew, connection: Connection, by: str, file: Path | None = None, language: str = "en"
) -> None:
    """From the first question to a saved mapping, or to nothing. Raises `BadInput` and what the CRM's plugin raises."""
    known = hands.jobs.properties(connection)
    with built.db.read() as session:
        ground = wizard.ground(session, controller(built, session), connection.id, known)
    if not known:
        out.print("[yellow]This CRM cannot list its fields: type their names as the CRM has them.[/]")
    while True:
        text = wizard.compose(_Dialogue(built, hands, connection, ground).parts())
        with built.db.read() as session:
            mapped = mappings.check(session, controller(built, session), mappings.read(text), known)
        out.print("\nReading a sample. Nothing is stored.")
        trials.show(connection.title, hands.jobs.try_mapping(connection, mapped), language)
        if file is not None:
            file.write_text(text, "utf-8")
            out.print(f"The answers are in {file}.", highlight=False)
        ways = {"save": "save it: it counts from now on", "again": "answer again", "leave": "leave, and save nothing"}
        match questions.choose("What now?", ways, "leave"):
            case "save":
                _save(built, connection, text, by, known)
                return
            case "leave":
                out.print("Nothing was saved.")
                return
        ground = replace(ground, present=mapped.mapping)


def _save(built: World, connection: Connection, text: str, by: str, known: list[Property]) -> None:
    who = by or typer.prompt("Who approves that the fields mean this", default=user(""))
    with built.db.write() as session:
        here = session.get_one(Connection, connection.id)
        row = mappings.approve(built, session, controller(built, session), here, text, who, known)
    out.print(f"{connection.title}: mapping version {row.version}, SHA-256 {row.sha256}", highlight=False)
    out.print(f"Next: `hub sync {connection.connector}`; it reads the CRM anew by the mapping.")


@dataclass
class _Dialogue:
    """One run through the questions."""

    built: World
    hands: Crew
    connection: Connection
    ground: Ground

    def parts(self) -> Parts:
        flag = self._consent()
        parts: Parts = {"consent": flag} if flag else {}
        if flag:
            parts["purpose"] = self._fixed("purpose", "What did they agree to?", _PURPOSES, flag)
            parts["channel"] = self._fixed("channel", "For which channel?", _CHANNELS, flag)
            parts["time"] = self._time()
            parts["wording"] = self._wording(flag)
            parts["point"] = self._part("point", "Which field says for which number it was given?")
            parts["verification"] = self._verification()
        parts["basis"] = self._basis(default="" if flag else "1")
        if not flag and not parts["basis"]:
            raise BadInput("no field was named", field="consent", remedy="Without one there is nothing to map.")
        return {name: part for name, part in parts.items() if part}

    def _consent(self) -> dict[str, Any]:
        part = self._part("consent", "Which field says that a person agreed?")
        if not part:
            return {}
        said: dict[str, list[str]] = {"yes": [], "no": []}
        for value, word in self._each("consent", part, "yes or no", ("yes", "no", ""), meaning).items():
            said[word].append(value)
        while not said["yes"]:
            said["yes"] = questions.listed("Values that mean yes, with commas between")
        express = questions.choose("How did people say that yes?", _EXPRESSIONS, self._before("consent", "expression"))
        return {**part, "expression": str(express), **said}

    def _fixed(self, name: str, question: str, answers: dict[str, str], flag: dict[str, Any]) -> dict[str, Any]:
        """The same for every yes, or as a field says. What is usual needs no part: the text shown says it."""
        usual = next(iter(answers))
        before = self._before(name, "property")
        said = questions.choose(question, answers, _FIELD if before and before != flag["property"] else usual)
        if said == usual:
            return {}
        if said != _FIELD:
            return wizard.always(flag, said)
        part = self._part(name, f"Which field says the {name}?")
        if not part:
            return {}
        words = tuple(str(one) for one in answers if one != _FIELD)
        return {**part, "values": self._each(name, part, name, (*words, ""), lambda value: value.casefold())}

    def _time(self) -> dict[str, Any]:
        part = self._part("time", "Which field says when the person agreed?")
        return {**part, "zone": self._zone()} if part else {}

    def _zone(self) -> str:
        policy = self.built.policy_for(self.connection.controller_id)
        usual = self._before("time", "zone") or (policy.quiet_hours.zone if policy else "Europe/Berlin")
        return str(typer.prompt("Time zone of days and times that name none", default=usual))

    def _wording(self, flag: dict[str, Any]) -> dict[str, Any]:
        before = self._meanings("wording")
        same = self._before("wording", "property") == flag["property"]
        question = f"Which field says which text was shown? ({_SAME}: the same text to all)"
        part = self._part("wording", question, _SAME, usual=_SAME if same else "")
        if not part:
            return {}
        if part["property"] == _SAME:
            text = self._text("the text that all of them saw", next(iter(before.values()), "") if same else "")
            return {"property": flag["property"], "versions": dict.fromkeys(flag["yes"], text)} if text else {}
        values = list(dict.fromkeys([*self._known(part["property"]), *before]))
        values = values or questions.listed("Its values, with commas between")
        texts = {value: self._text(f"the text behind {value!r}", before.get(value, "")) for value in values}
        versions = {value: text for value, text in texts.items() if text}
        return {**part, "versions": versions} if versions else {}

    def _text(self, what: str, usual: str = "") -> str:
        """A registered wording's version; empty: none."""
        texts = {str(one.version): f"version {one.version}: {one.text[:70]}" for one in self.ground.wordings}
        new = {"new": "a text that is not registered yet, from a file", "": "none: what refers to it stays a claim"}
        chosen = questions.choose(f"Which registered text is {what}?", {**texts, **new}, usual)
        return self._register() if chosen == "new" else chosen

    def _register(self) -> str:
        """A text is kept for itself, whatever becomes of the mapping."""
        path = Path(typer.prompt("File with the text, word for word, in UTF-8"))
        topics = questions.listed("What it names as the subject of messages, with commas between")
        day = typer.prompt("First day on which it was shown, YYYY-MM-DD")
        language = typer.prompt("Its language", default="de")
        try:
            with self.built.db.write() as session:
                row = shown_texts.register(self.built, session, path, topics, day, [Channel.WHATSAPP], language)
        except BadInput as wrong:
            out.print(f"[yellow]Not registered:[/] {wrong}", highlight=False)
            return self._text("it")
        self.ground = replace(self.ground, wordings=(row, *self.ground.wordings))
        return str(row.version)

    def _verification(self) -> dict[str, Any]:
        part = self._part("verification", "Which field shows that the holder of the number said yes?")
        if not part:
            return {}
        return {**part, "kind": questions.choose("What is in it?", _PROOFS, self._before("verification", "kind"))}

    def _basis(self, default: str) -> dict[str, Any]:
        question = "Which field names a legal basis, beyond what the plugin reads itself?"
        part = self._part("basis", question, usual=default or self._before("basis", "property") or questions.NONE)
        if not part:
            return {}
        names = self._each("basis", part, "legal basis", (*tuple(_BASES)[1:], "UNKNOWN"), lambda value: "UNKNOWN")
        return {**part, "names": {value: base for value, base in names.items() if base != "UNKNOWN"}}

    # what the questions have in common

    def _part(self, name: str, question: str, *more: str, usual: str = "") -> dict[str, Any]:
        likely = [(one.name, _about(one)) for one in self.ground.proposed(name)[:_LIKELY]]
        known = [one.name for one in self.ground.properties]
        chosen = questions.pick(question, likely, [*known, *more] if known else (), usual=usual)
        return {"property": chosen} if chosen else {}

    def _before(self, part: str, field: str) -> str:
        """What is mapped now."""
        mapped = self.ground.present.parts.get(part) if self.ground.present else None
        return str(getattr(mapped, field, "") or "")

    def _meanings(self, part: str) -> dict[str, str]:
        return self.ground.present.meanings(part) if self.ground.present else {}

    def _known(self, name: str) -> list[str]:
        """The values of a field: its closed list, and what the CRM's first records hold."""
        options = self.ground.property(name).options
        seen = self.hands.jobs.vocabulary(self.connection, [name])[name]
        return list(dict.fromkeys([*options, *seen]))

    def _each(self, name: str, part: dict[str, Any], what: str, words: tuple[str, ...], guess: Any) -> dict[str, str]:
        """What each value of a field means; one that means nothing is left out."""
        present = self._meanings(name)
        answers = {word: word or "nothing" for word in words}
        found = {}
        values = list(dict.fromkeys([*self._known(part["property"]), *present]))
        for value in values or questions.listed(f"The field lists no values. Which say a {what}? With commas between"):
            usual = present.get(value) or guess(value)
            said = questions.choose(f"{value!r} means", answers, usual if usual in answers else words[-1])
            if said:
                found[value] = said
        return found


def _about(one: Property) -> str:
    kind = one.kind if one.kind is not PropertyKind.UNKNOWN else ""
    said = [word for word in (one.label if one.label != one.name else "", kind, ", ".join(one.options[:4])) if word]
    return f"({'; '.join(said)})" if said else ""


def offer(built: World, hands: Crew, connection: Connection, crm: type[Crm[Any]]) -> bool:
    """Right after an account was connected by somebody at a keyboard. True: a mapping was looked at."""
    question = f"Does {crm.title} hold consents in fields of its own that you want to map now?"
    if not typer.confirm(question, default=False):
        return False
    run(built, hands, connection, "")
    return True
