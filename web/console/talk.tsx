// The middle: who it is and what may be done, the log, the composer.
import { useEffect } from "preact/hooks";
import { actions, mayDo } from "./actions";
import { conversation, link } from "./api";
import { ApprovalCard, whyNotDecided } from "./approval";
import { DropHere, useDrop } from "./attach";
import { Composer } from "./composer";
import { useDesk, useSpeech } from "./hooks";
import { Icon, type IconName } from "./icons";
import { named, nameOf } from "./list";
import { Log } from "./log";
import { Menu } from "./menu";
import type { Refusal, Row } from "./protocol";
import { isOfferedTo } from "./rows";
import { useUi } from "./ui";
import type { Words } from "./words";

export function Talk() {
  const { w } = useSpeech();
  const desk = useDesk((d) => d.watched);
  const id = desk.watched;
  const drop = useDrop(id);
  if (!id) {
    return (
      <section class="talk nothing" id="talk" tabIndex={-1} aria-label={w.log}>
        <div class="quiet">
          <Icon name="inbox" />
          <b>{w.pickOne}</b>
          <p>{w.pickHint}</p>
        </div>
      </section>
    );
  }
  return (
    <section class="talk" id="talk" tabIndex={-1} aria-label={w.log} {...drop.on}>
      {drop.isOver && <DropHere />}
      <Head id={id} />
      <Log key={id} id={id} />
      <RefusalLine />
      <ApprovalCard key={`a${id}`} id={id} />
      <Composer key={`c${id}`} id={id} />
    </section>
  );
}

function Head({ id }: { id: string }) {
  const { w, lang } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.row(id),
    (d) => d.self,
    (d) => d.viewers,
    (d) => d.acting,
  );
  const row = desk.row(id);
  return (
    <header class="head">
      <button class="icon-only back" onClick={() => desk.watch(null)} aria-label={w.back}>
        <Icon name="back" />
      </button>
      <div class="title">
        <h1>{row ? nameOf(row, w.visitor) : "…"}</h1>
        {row && (
          <p class="sub">
            <i class={`dot ${row.status}`} />
            <span class="state">
              {w.statuses[row.status]}
              {row.agent_name && row.status === "with_agent"
                ? ` · ${row.agent === desk.account ? w.you : row.agent_name}`
                : ""}
            </span>
            {row.reason && row.status !== "with_bot" && <span>· {w.reasons[row.reason] ?? row.reason}</span>}
            {row.labels.map((l) => (
              <span class="chip" key={l}>
                {named(desk.self?.labels, l, lang)}
              </span>
            ))}
          </p>
        )}
        {desk.viewers.length > 0 && (
          <p class="lookers">
            <Icon name="eye" /> {w.lookers(desk.viewers.join(", "))}
          </p>
        )}
      </div>
      {row && <Acts row={row} />}
      <button
        class="icon-only panel-switch"
        aria-label={w.panel}
        title={w.panel}
        aria-expanded={ui.isPanelOpen}
        onClick={() => ui.openPanel(!ui.isPanelOpen)}
      >
        <Icon name="panel" />
      </button>
    </header>
  );
}

function Acts({ row }: { row: Row }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.self,
    (d) => d.acting,
  );
  const may = mayDo(row, desk.self);
  const act = actions(desk, ui);
  const isOffer = isOfferedTo(row, desk.account, desk.now());
  const tool = (isOpen: boolean, name: IconName, word: string, keys: string, run: () => void) =>
    isOpen && (
      <button class="icon-only" aria-label={word} title={`${word} (${keys})`} onClick={run}>
        <Icon name={name} />
      </button>
    );
  return (
    <div class="acts">
      {tool(may.label, "label", w.labels, "Alt+G", act.labels)}
      {tool(may.snooze, "snoozed", w.snooze, "Alt+M", act.snooze)}
      {tool(may.transfer, "transfer", w.transfer, "Alt+T", act.transfer)}
      <More row={row} />
      {isOffer && <button onClick={() => act.decline(row.id)}>{w.decline}</button>}
      {may.take && (
        <button class="main" disabled={desk.acting === "claim"} onClick={() => act.take()}>
          {isOffer ? w.accept : w.take}
        </button>
      )}
      {may.takeOver && <button onClick={() => act.take()}>{w.takeOver}</button>}
      {may.resolve && (
        <button
          class="main"
          disabled={desk.acting === "resolve"}
          title={`${w.resolve} (Alt+E)`}
          onClick={() => act.resolve(false)}
        >
          {w.resolve}
        </button>
      )}
    </div>
  );
}

function More({ row }: { row: Row }) {
  const { w, lang } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.self);
  const may = mayDo(row, desk.self);
  const act = actions(desk, ui);
  const transcript = `${link(conversation(row.id, "transcript"))}?lang=${lang}`;
  return (
    <Menu label={w.menu} button={<Icon name="more" />} class="icon-only">
      {may.handBack && <MenuRow icon="bot" word={w.handBack} keys="Alt+B" run={act.handBack} />}
      {may.release && <MenuRow icon="release" word={w.release} run={act.release} />}
      {may.resolve && <MenuRow icon="resolved" word={w.resolveNext} keys="Ctrl+Alt+E" run={() => act.resolve(true)} />}
      {row.snoozed_until && may.snooze && (
        <MenuRow icon="snoozed" word={w.wake} run={() => desk.act("snooze", row.id)} />
      )}
      <a role="menuitem" tabIndex={-1} href={transcript} download>
        <Icon name="download" /> {w.transcript}
      </a>
      {desk.self?.transcript_mail && (
        <MenuRow icon="mail" word={w.mailIt} run={() => ui.ask({ name: "mail", id: row.id })} />
      )}
    </Menu>
  );
}

function MenuRow({ icon, word, keys, run }: { icon: IconName; word: string; keys?: string; run: () => void }) {
  return (
    <button role="menuitem" tabIndex={-1} onClick={run}>
      <Icon name={icon} /> {word}
      {keys && <kbd>{keys}</kbd>}
    </button>
  );
}

export function refusalIn(refusal: Refusal, w: Words): string {
  if (refusal.code === "taken") return refusal.by ? w.takenBy(refusal.by) : w.takenPlain;
  return w.refused[refusal.code] ?? w.refusedElse(refusal.message || refusal.code);
}

function RefusalLine() {
  const { w } = useSpeech();
  const desk = useDesk(
    (d) => d.refusal,
    (d) => d.items,
  );
  const refusal = desk.refusal;
  useEffect(() => {
    if (!refusal) return;
    const fade = setTimeout(() => desk.forgive(), 12_000);
    return () => clearTimeout(fade);
  }, [refusal]);
  return (
    <div role="alert">
      {refusal && (
        <p class="error refusal">
          <Icon name="warn" /> {whyNotDecided(refusal, desk.items, w) ?? refusalIn(refusal, w)}
          <button class="icon-only" aria-label={w.close} onClick={() => desk.forgive()}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}
