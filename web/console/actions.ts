// What an agent may do with a conversation and how it is done: one place for buttons, menus and keys.
import type { Desk } from "./desk";
import type { DeskFrame, Row } from "./protocol";
import { isAsking, isLead, isOfferedTo } from "./rows";
import type { Ui } from "./ui";

export function mayDo(row: Row | undefined, self: DeskFrame | null) {
  const isMine = row?.status === "with_agent" && row.agent === self?.account;
  const isPeoples = row?.status === "waiting" || row?.status === "with_agent";
  return {
    isMine,
    take: !!row && row.status !== "with_agent",
    takeOver: row?.status === "with_agent" && !isMine && isLead(self),
    transfer: isMine || (isPeoples && isLead(self)),
    resolve: isMine,
    release: isMine,
    handBack: isMine,
    snooze: isMine,
    label: !!row,
    decide: !!row && isAsking(row, self),
  };
}

export function actions(desk: Desk, ui: Ui) {
  const id = desk.watched;
  const row = desk.row(id);
  const may = mayDo(row, desk.self);
  const focusField = (isThere: boolean) => {
    if (isThere) ui.field.current?.focus();
    else ui.wantsField.current = true;
  };
  return {
    take(which = id) {
      const wanted = desk.row(which);
      if (!which || !wanted) return;
      const able = mayDo(wanted, desk.self);
      if (which !== id) desk.watch(which);
      if (able.take) desk.act("claim", which);
      else if (able.takeOver) ui.ask({ name: "take_over", id: which });
    },
    /** The offer on screen, else the first one. */
    accept() {
      const offer = firstOffer(desk);
      if (row && may.take) this.take();
      else if (offer) this.take(offer.id);
      else this.take();
    },
    decline(which?: string) {
      const offer = which ?? (row && isOfferedTo(row, desk.account, desk.now()) ? row.id : firstOffer(desk)?.id);
      if (offer) desk.act("decline", offer);
    },
    resolve: (thenNext: boolean) => id && may.resolve && ui.ask({ name: "resolve", id, thenNext }),
    snooze: () => id && may.snooze && ui.ask({ name: "snooze", id }),
    transfer: () => id && may.transfer && ui.ask({ name: "transfer", id }),
    labels: () => id && may.label && ui.ask({ name: "labels", id }),
    handBack: () => id && may.handBack && desk.act("hand_back", id),
    release: () => id && may.release && desk.act("release", id),
    /** The answer to the bot's question on screen. */
    decide(yes: boolean) {
      if (id && row?.approval && may.decide && desk.acting !== "decide") desk.decide(id, row.approval.asked, yes);
    },
    mode(mode: "reply" | "note") {
      if (!id) return;
      const isThere = ui.field.current !== null && desk.mode === mode;
      desk.setMode(mode);
      focusField(isThere);
    },
    /** Chooses files for a reply. */
    attach() {
      if (!id || !may.isMine) return;
      this.mode("reply");
      ui.chooser.current?.click();
    },
    /** Into the field where the caret is; sending stays with the agent. */
    insert(text: string) {
      if (!id) return;
      const field = ui.field.current;
      const there = desk.text(id, "reply");
      const isOpen = field && desk.mode === "reply";
      const [from, to] = isOpen ? [field.selectionStart, field.selectionEnd] : [there.length, there.length];
      const gap = from > 0 && !/\s$/.test(there.slice(0, from)) ? "\n" : "";
      desk.setMode("reply");
      desk.write(id, "reply", there.slice(0, from) + gap + text + there.slice(to));
      focusField(!!isOpen);
    },
    step(by: 1 | -1) {
      const order = ui.order.current;
      if (order.length === 0) return;
      const at = id ? order.indexOf(id) : -1;
      const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : at + by;
      const wanted = order[Math.max(0, Math.min(order.length - 1, next))];
      ui.go("inbox");
      if (wanted) desk.watch(wanted);
    },
  };
}

export function firstOffer(desk: Desk): Row | undefined {
  const now = desk.now();
  for (const row of desk.rows.values()) if (isOfferedTo(row, desk.account, now)) return row;
  return undefined;
}
