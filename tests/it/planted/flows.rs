//! Faults of flows.

use super::{At, Down, Fault, New, Replace, fault};

/// All of them.
pub(super) const FAULTS: &[Fault] = &[
    fault(
        "an unknown key of a step",
        "flows/privacy.yaml",
        Replace("    ask: { zh: \"您想导出", "    asks: { zh: \"您想导出"),
        "bad_yaml",
        Down(0),
    ),
    fault(
        "a value of the wrong kind",
        "flows/find_product.yaml",
        Replace(
            "    collect: category\n",
            "    collect: category\n    asks_max: many\n",
        ),
        "bad_yaml",
        Down(1),
    ),
    fault(
        "a button without its English",
        "flows/missing_item.yaml",
        Replace(
            "choices:\n      - { value: ",
            "choices:\n      - { value: none, zh: 没有 }\n      - { value: ",
        ),
        "bad_yaml",
        Down(1),
    ),
    fault(
        "a flow's label in one language",
        "flows/points.yaml",
        Replace(
            "label: { zh: \"查我的积分\", en: \"My points\" }",
            "label: { zh: \"查我的积分\" }",
        ),
        "missing_lang",
        Down(0),
    ),
    fault(
        "words in one language",
        "flows/track_order.yaml",
        Replace(
            "    say:\n      zh: 好的，先不登记。包裹会在网点保管，需要时再叫我。\n      en: All right, nothing is registered. The parcel waits at the branch; tell me whenever you need me.\n",
            "    say:\n      zh: 好的，先不登记。\n",
        ),
        "missing_lang",
        Down(0),
    ),
    fault(
        "a question in one language",
        "flows/cancel_order.yaml",
        Replace(
            "    ask: { zh: 可以取消。方便告诉我原因吗？, en: \"It can be cancelled. May I ask why?\" }",
            "    ask: { en: \"May I ask why?\" }",
        ),
        "missing_lang",
        Down(0),
    ),
    fault(
        "a list where words stand",
        "flows/trace_parcel.yaml",
        Replace("    confirm:\n", "    confirm:\n      - none\n"),
        "bad_yaml",
        Down(0),
    ),
    fault(
        "a yes in one language",
        "flows/cancel_order.yaml",
        Replace(
            "\"yes\": { zh: 看看退货, en: Look at a return }",
            "\"yes\": { zh: 看看退货 }",
        ),
        "missing_lang",
        Down(0),
    ),
    fault(
        "a no in one language",
        "flows/urge_shipment.yaml",
        Replace(
            "\"no\": { zh: 我再等等, en: \"I'll wait\" }",
            "\"no\": { en: \"I'll wait\" }",
        ),
        "missing_lang",
        Down(0),
    ),
    fault(
        "a slot that is not declared",
        "flows/invoice.yaml",
        Replace(
            "send: [invoice_for, invoice_title, tax_no, email]",
            "send: [invoice_for, invoice_titel, tax_no, email]",
        ),
        "unknown_slot",
        Down(0),
    ),
    fault(
        "a slot to empty that is not declared",
        "flows/size_advice.yaml",
        Replace(
            "clear: [height_cm, weight_kg, foot_cm, again]",
            "clear:\n      - height_cm\n      - wieght_kg\n      - foot_cm\n      - again",
        ),
        "unknown_slot",
        Down(2),
    ),
    fault(
        "a slot's pattern that does not close",
        "flows/invoice.yaml",
        Replace(
            "pattern: \"^([0-9A-Za-z]{18}|[0-9]{15})$\"",
            "pattern: \"^([0-9A-Za-z]{18}\"",
        ),
        "bad_pattern",
        Down(0),
    ),
    fault(
        "a slot of a flow whose least is more than its most",
        "flows/size_advice.yaml",
        Replace("min: 60, max: 230", "min: 230, max: 60"),
        "bad_limits",
        Down(0),
    ),
    fault(
        "words that are not there",
        "flows/own_order.yaml",
        Replace("invalid: phone_tail_invalid", "invalid: phone_tale_wrong"),
        "missing_response",
        Down(0),
    ),
    fault(
        "a template of a flow that does not close",
        "flows/stock_check.yaml",
        Replace("还有 {{ stock }} 件", "还有 {{ stock 件"),
        "bad_template",
        Down(0),
    ),
    fault(
        "a value that no call gives",
        "flows/stock_check.yaml",
        Replace("{{ stock }} left", "{{ stok }} left"),
        "unknown_value",
        Down(0),
    ),
    fault(
        "a value of a call that is not made",
        "flows/points.yaml",
        Replace(
            "The points system is too slow",
            "{{ product_name }}: the points system is too slow",
        ),
        "unknown_value",
        Down(0),
    ),
    fault(
        "a step of two kinds",
        "flows/exchange.yaml",
        Replace(
            "  - id: refused\n    say: request_refused\n",
            "  - id: refused\n    say: request_refused\n    handoff: true\n",
        ),
        "bad_step",
        Down(0),
    ),
    fault(
        "a step of no kind",
        "flows/exchange.yaml",
        Replace(
            "  - id: uncertain\n    say: request_unknown\n",
            "  - id: uncertain\n    next: people\n",
        ),
        "bad_step",
        Down(0),
    ),
    fault(
        "a step twice",
        "flows/track_order.yaml",
        Replace(
            "    link: trace_parcel\n",
            "    link: trace_parcel\n  - id: problem\n    link: trace_parcel\n",
        ),
        "duplicate_step",
        Down(1),
    ),
    fault(
        "a next that is not there",
        "flows/exchange.yaml",
        Replace(
            "the order stays as it is.\n    next: over\n",
            "the order stays as it is.\n    next: ovr\n",
        ),
        "unknown_step",
        Down(1),
    ),
    fault(
        "an on that leads nowhere",
        "flows/exchange.yaml",
        Replace("      preorder: offer_change\n", "      preorder: offer_chang\n"),
        "unknown_step",
        Down(0),
    ),
    fault(
        "an outcome that a call never gives",
        "flows/exchange.yaml",
        Replace("      unpaid: offer_change\n", "      unpayed: offer_change\n"),
        "unknown_outcome",
        Down(0),
    ),
    fault(
        "a call that is not there",
        "flows/refund_status.yaml",
        Replace("    call: find_order\n", "    call: find_ordr\n"),
        "unknown_call",
        Down(0),
    ),
    fault(
        "a kind of request that is not there",
        "flows/defect.yaml",
        Replace("call: may.defect", "call: may.defects"),
        "unknown_request",
        Down(0),
    ),
    fault(
        "a call without its kind",
        "flows/repair.yaml",
        Replace("call: may.repair", "call: may"),
        "unknown_call",
        Down(0),
    ),
    fault(
        "done without a yes",
        "flows/price_protection.yaml",
        Replace(
            "same: same, too_late: too_late, not_found: refused }",
            "same: same, too_late: too_late, not_found: refused, slow: register }",
        ),
        "unconfirmed",
        At("call: request.price_protection"),
    ),
    fault(
        "done for anybody",
        "flows/urge_shipment.yaml",
        Replace("on: { ok: register }", "on: { ok: register, slow: register }"),
        "unowned",
        At("call: request.urge"),
    ),
    fault(
        "a confirm without a no",
        "flows/defect.yaml",
        Replace(
            "    on: { \"yes\": to_repair, \"no\": no_repair }\n",
            "    on: { \"yes\": to_repair }\n    next: no_repair\n",
        ),
        "confirm_without_no",
        At("    confirm:\n      zh: \"订单 {{ order_no }} 签收已超过"),
    ),
    fault(
        "a choice without buttons",
        "flows/coupon_trouble.yaml",
        Replace(
            "  - id: ask_code\n",
            "  - id: ask_before\n    collect: obstacle\n    ask: ask_order_no\n  - id: ask_code\n",
        ),
        "no_choices",
        Down(1),
    ),
    fault(
        "a value that is never offered",
        "flows/invoice.yaml",
        Replace(
            "on: { special: special, plain: ask_company }",
            "on: { special: special, plain: ask_company, paper: ask_company }",
        ),
        "unknown_outcome",
        Down(0),
    ),
    fault(
        "an outcome that a flow never ends with",
        "flows/defect.yaml",
        Replace("on: { ok: allowed }", "on: { ok: allowed, okay: allowed }"),
        "unknown_outcome",
        Down(0),
    ),
    fault(
        "a card that is not there",
        "flows/cancel_order.yaml",
        Replace("    card: request\n", "    card: receipt\n"),
        "unknown_card",
        Down(0),
    ),
    fault(
        "choices from nowhere",
        "flows/which_order.yaml",
        Replace("choices: from_call", "choices: from_shop"),
        "bad_choices",
        Down(0),
    ),
    fault(
        "two buttons of one value",
        "flows/stock_check.yaml",
        Replace(
            "      - { value: wait, zh",
            "      - { value: person, zh: 同事, en: Somebody }\n      - { value: wait, zh",
        ),
        "duplicate_choice",
        Down(0),
    ),
    fault(
        "a circle without a question",
        "flows/circle.yaml",
        New(
            "flow: circle\nlabel: { zh: 圈, en: Circle }\nstarts: { en: [go round] }\nsteps:\n  - id: again\n    say: thanks\n    next: again\n",
        ),
        "endless",
        Down(4),
    ),
    fault(
        "a step that no way leads to",
        "flows/island.yaml",
        New(
            "flow: island\nlabel: { zh: 岛, en: Island }\nstarts: { en: [an island] }\nsteps:\n  - id: first\n    say: thanks\n    next: end\n  - id: island\n    say: thanks\n",
        ),
        "unreachable_step",
        Down(7),
    ),
    fault(
        "a flow that nothing starts",
        "flows/asleep.yaml",
        New("flow: asleep\nlabel: { zh: 睡, en: Asleep }\nsteps:\n  - id: first\n    say: thanks\n"),
        "never_started",
        Down(0),
    ),
    fault(
        "a flow of another name than its file",
        "flows/old_name.yaml",
        New(
            "# Renamed.\nflow: new_name\nlabel: { zh: 新, en: New }\nstarts: { en: [a new name] }\nsteps:\n  - id: first\n    say: thanks\n",
        ),
        "misnamed_flow",
        Down(1),
    ),
    fault(
        "a copy of a flow",
        "flows/a_copy.yaml",
        New(
            "# Copied.\nflow: start_return\nlabel: { zh: 退, en: Return }\nstarts: { en: [a copy] }\nsteps:\n  - id: first\n    say: thanks\n",
        ),
        "duplicate_flow",
        Down(1),
    ),
    fault(
        "a flow without steps",
        "flows/empty.yaml",
        New("flow: empty\nlabel: { zh: 空, en: Empty }\nstarts: { en: [nothing] }\nsteps: []\n"),
        "empty_flow",
        Down(3),
    ),
    fault(
        "a flow to run that is not there",
        "flows/refund.yaml",
        Replace("    run: which_order\n", "    run: wich_order\n"),
        "unknown_flow",
        Down(0),
    ),
    fault(
        "a flow to go over to that is not there",
        "flows/refund.yaml",
        Replace("    link: start_return\n", "    link: returns\n"),
        "unknown_flow",
        Down(0),
    ),
    fault(
        "a phrase that starts another flow too",
        "flows/two_starts.yaml",
        New(
            "flow: two_starts\nlabel: { zh: 同, en: Same }\nstarts:\n  zh: [同样的话]\n  en:\n    - one phrase\n    - Find My Size\nsteps:\n  - id: first\n    say: thanks\n",
        ),
        "shared_start",
        Down(6),
    ),
    fault(
        "a slot that a call needs and nobody declares",
        "flows/no_code.yaml",
        New(
            "flow: no_code\nlabel: { zh: 券, en: Coupon }\nstarts: { en: [no code] }\nsteps:\n  - id: look\n    call: find_coupon\n",
        ),
        "call_needs",
        Down(5),
    ),
];
