//! Faults of conversation tests.

use super::{Append, Bytes, Down, Fault, Replace, fault};

/// All of them.
pub(super) const FAULTS: &[Fault] = &[
    fault(
        "an unknown key of a turn",
        "conversations/invoice.yaml",
        Append("- name: k\n  turns:\n    - { say: hello, expects: [x] }\n"),
        "bad_yaml",
        Down(2),
    ),
    fault(
        "a stranger who is signed in",
        "conversations/basics.yaml",
        Append("- name: c1\n  given: { customer: C999 }\n  turns:\n    - { say: hello }\n"),
        "unknown_customer",
        Down(1),
    ),
    fault(
        "a page of nothing",
        "conversations/basics.yaml",
        Append("- name: c2\n  given:\n    page: { basket: B1 }\n  turns:\n    - { say: hello }\n"),
        "unknown_page",
        Down(2),
    ),
    fault(
        "a slot that is filled and not there",
        "conversations/basics.yaml",
        Append(
            "- name: c3\n  given: { slots: { ordre_no: QM2026112338 } }\n  turns:\n    - { say: hello }\n",
        ),
        "unknown_slot",
        Down(1),
    ),
    fault(
        "a moment that is none",
        "conversations/basics.yaml",
        Append("- name: c4\n  given: { at: \"2026-11-23 at ten\" }\n  turns:\n    - { say: hello }\n"),
        "bad_date",
        Down(1),
    ),
    fault(
        "a flow that is expected and not there",
        "conversations/basics.yaml",
        Append("- name: c5\n  turns:\n    - say: hello\n      flow: start_returns\n"),
        "unknown_flow",
        Down(3),
    ),
    fault(
        "a step that is expected and not there",
        "conversations/basics.yaml",
        Append("- name: c6\n  turns:\n    - { say: hello, flow: start_return, step: summary }\n"),
        "unknown_step",
        Down(2),
    ),
    fault(
        "a slot that is expected and not there",
        "conversations/basics.yaml",
        Append("- name: c7\n  turns:\n    - { say: hello, slots: { return_reasons: faulty } }\n"),
        "unknown_slot",
        Down(2),
    ),
    fault(
        "an intent that is expected and not there",
        "conversations/basics.yaml",
        Append(
            "- name: c8\n  turns:\n    - { say: hello }\n    - say: where is it\n      intent: track_ordr\n",
        ),
        "unknown_intent",
        Down(4),
    ),
    fault(
        "an article that is expected and not there",
        "conversations/basics.yaml",
        Append("- name: c9\n  turns:\n    - { say: hello, cites: refunds-timing }\n"),
        "unknown_article",
        Down(2),
    ),
    fault(
        "a pattern that is expected and not there",
        "conversations/basics.yaml",
        Append("- name: c10\n  turns:\n    - { say: hello, pattern: corection }\n"),
        "unknown_pattern",
        Down(2),
    ),
    fault(
        "a response that is expected and not there",
        "conversations/basics.yaml",
        Append("- name: c11\n  turns:\n    - { say: hello, response: greetings }\n"),
        "missing_response",
        Down(2),
    ),
    fault(
        "a button that is expected and not there",
        "conversations/basics.yaml",
        Append(
            "- name: c12\n  turns:\n    - say: hello\n      buttons:\n        - \"confirmed:yes\"\n        - \"return_reason:broken\"\n",
        ),
        "unknown_choice",
        Down(5),
    ),
    fault(
        "a button that is tapped and leads nowhere",
        "conversations/basics.yaml",
        Append("- name: c13\n  turns:\n    - say: hello\n    - tap: \"flow:point\"\n"),
        "unknown_flow",
        Down(3),
    ),
    fault(
        "a regular expression that does not close",
        "conversations/basics.yaml",
        Append("- name: c14\n  turns:\n    - say: hello\n      expect: [\"/(yes/\"]\n"),
        "bad_pattern",
        Down(3),
    ),
    fault(
        "said and tapped at once",
        "conversations/basics.yaml",
        Append("- name: c15\n  turns:\n    - { say: hello, tap: \"confirmed:yes\" }\n"),
        "bad_turn",
        Down(2),
    ),
    fault(
        "said in one language and played in two",
        "conversations/basics.yaml",
        Append("- name: c16\n  turns:\n    - say: { en: hello }\n"),
        "missing_lang",
        Down(2),
    ),
    fault(
        "a conversation without turns",
        "conversations/basics.yaml",
        Append("- name: c17\n  turns: []\n"),
        "bad_conversation",
        Down(0),
    ),
    fault(
        "an end that is not there",
        "conversations/points.yaml",
        Replace("ended: completed", "ended: finished"),
        "bad_yaml",
        Down(0),
    ),
    fault(
        "conversations in another encoding",
        "conversations/old.yaml",
        Bytes(b"- name: \xc4\xe3\n"),
        "not_utf8",
        Down(0),
    ),
];
