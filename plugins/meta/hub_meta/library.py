# SPDX-License-Identifier: Apache-2.0
"""The account's templates: handed in, changed, deleted. Source: [9] templates/template-management.

What Meta may change about a marketing template by itself is switched off when it is handed in; the names of those
changes: marketing-messages/send-marketing-messages, automatic creative optimizations.
"""

from __future__ import annotations

from hub import PlatformCategory, TemplateDraft, TemplateProblem, TemplateState
from hub.whatsapp import lint
from hub.whatsapp.reading import Fields, text
from hub.whatsapp.templates import locale, named, template_state
from hub_meta.graph import Graph

EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
CREATIVE = (
    *("add_text_overlay", "auto_promotion_tag", "dynamic_cta_text", "hyperlink_formatting", "image_animation"),
    *("image_background_gen", "image_banner", "image_brightness_and_contrast", "image_touchups"),
    *("product_extensions", "text_extraction_for_headline", "text_extraction_for_tap_target"),
    "text_formatting_optimization",
)


async def create(graph: Graph, draft: TemplateDraft) -> TemplateState:
    """Hand it in. Meta may put it into another category at once; the next reading of the list tells."""
    _check(draft)
    given = {"name": draft.name, "language": draft.language, "category": str(draft.category)}
    written = "NAMED" if named(draft.components) else "POSITIONAL"
    body = {**given, "parameter_format": written, **_content(graph, draft)}
    answer = await graph.call("POST", f"{graph.config.waba_id}/message_templates", json=body)
    return template_state(answer.get("status"))


async def edit(graph: Graph, draft: TemplateDraft) -> TemplateState:
    """Replace all components. The category of an approved template cannot be changed."""
    _check(draft)
    stored = await _stored(graph, draft)
    status, category = text(stored.get("status")), text(stored.get("category"))
    if status not in EDITABLE:
        raise TemplateProblem(f"a template that is {status} cannot be changed")
    if category != draft.category:
        raise TemplateProblem(f"the category stays {category}; hand in a new template for another one")
    await graph.call("POST", text(stored.get("id")), json=_content(graph, draft))
    return template_state((await _stored(graph, draft)).get("status"))


async def delete(graph: Graph, name: str) -> None:
    """In all languages. Meta keeps the name of an approved one for 30 days."""
    await graph.call("DELETE", f"{graph.config.waba_id}/message_templates", {"name": name})


def _check(draft: TemplateDraft) -> None:
    """What is known to be refused is not handed in: refusals count."""
    if problems := lint.problems(draft):
        raise TemplateProblem("; ".join(map(str, problems)))


def _content(graph: Graph, draft: TemplateDraft) -> Fields:
    content: Fields = {"components": list(draft.components)}
    config = graph.config
    if draft.category is PlatformCategory.MARKETING and config.marketing_api and not config.marketing_creative:
        refused = {name: {"enroll_status": "OPT_OUT"} for name in CREATIVE}
        content["degrees_of_freedom_spec"] = {"creative_features_spec": refused}
    return content


async def _stored(graph: Graph, draft: TemplateDraft) -> Fields:
    query = {"name": draft.name, "fields": "id,name,language,status,category"}
    async for item in graph.pages(f"{graph.config.waba_id}/message_templates", query):
        if (text(item.get("name")), locale(item.get("language"))) == (draft.name, locale(draft.language)):
            return item
    raise TemplateProblem(f"there is no template {draft.name} in {draft.language}")
