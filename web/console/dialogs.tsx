// The questions a conversation can ask its agent: to whom, why, until when, with which labels.
import { useState } from "preact/hooks";
import type { Desk } from "./desk";
import { Choices, Dialog } from "./dialog";
import { useDesk, useSpeech } from "./hooks";
import { Sheet } from "./keys-sheet";
import { named } from "./list";
import { Mail } from "./mail";
import { Search } from "./search";
import { moment, tomorrowAtNine } from "./time";
import { useUi } from "./ui";

export function OpenDialog({ resolved }: { resolved: (thenNext: boolean, id: string) => void }) {
  const ui = useUi();
  const close = () => ui.ask(null);
  const d = ui.dialog;
  if (!d) return null;
  switch (d.name) {
    case "transfer":
      return <Transfer id={d.id} close={close} />;
    case "labels":
      return <Labels id={d.id} close={close} />;
    case "snooze":
      return <Snooze id={d.id} close={close} />;
    case "mail":
      return <Mail id={d.id} close={close} />;
    case "take_over":
      return <TakeOver id={d.id} close={close} />;
    case "resolve":
      return <Resolve id={d.id} close={close} sent={() => resolved(d.thenNext, d.id)} thenNext={d.thenNext} />;
    case "search":
      return <Search close={close} />;
    case "keys":
      return <Sheet close={close} />;
  }
}

type Ask = { id: string; close: () => void };

function Transfer({ id, close }: Ask) {
  const { w, lang } = useSpeech();
  const desk = useDesk(
    (d) => d.agents,
    (d) => d.self,
  );
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const order = { online: 0, busy: 1, away: 2, offline: 3 };
  const holder = desk.row(id)?.agent;
  const agents = desk.agents
    .filter((a) => a.account !== holder)
    .sort((a, b) => order[a.state] - order[b.state] || a.load / a.capacity - b.load / b.capacity);
  const teams = desk.self?.all_teams ?? [];
  const go = (e: Event) => {
    e.preventDefault();
    const [kind, name] = [to.slice(0, 1), to.slice(2)];
    if (!name) return;
    desk.act("transfer", id, {
      ...(kind === "a" ? { to_agent: name } : { to_team: name }),
      ...(note.trim() ? { note: note.trim() } : {}),
    });
    close();
  };
  const first = teams[0] ? `t:${teams[0].id}` : `a:${agents[0]?.account}`;
  const radio = (value: string) => (
    <input
      type="radio"
      name="to"
      value={value}
      checked={to === value}
      data-first={value === first ? "" : undefined}
      onChange={() => setTo(value)}
    />
  );
  return (
    <Dialog title={w.transferTo} close={close}>
      <form class="form" onSubmit={go}>
        {agents.length + teams.length === 0 && <p class="soft">{w.transferNobody}</p>}
        <div class="targets">
          {teams.length > 0 && (
            <fieldset>
              <legend>{w.toTeams}</legend>
              {teams.map((t) => (
                <label class="target" key={t.id}>
                  {radio(`t:${t.id}`)} <span class="grow">{t.name[lang]}</span>
                </label>
              ))}
            </fieldset>
          )}
          {agents.length > 0 && (
            <fieldset>
              <legend>{w.toAgents}</legend>
              {agents.map((a) => (
                <label class="target" key={a.account}>
                  {radio(`a:${a.account}`)}
                  <i class={`dot p-${a.state}`} />
                  <span class="grow">
                    {a.name}
                    <span class="soft">
                      {w.presence[a.state]}
                      {a.teams.length > 0 && ` · ${a.teams.map((t) => named(teams, t, lang)).join(", ")}`}
                    </span>
                  </span>
                  <Load load={a.load} capacity={a.capacity} />
                </label>
              ))}
            </fieldset>
          )}
        </div>
        <label class="field">
          {w.transferNote}
          <textarea rows={2} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
        </label>
        <div class="form-end">
          <button type="button" onClick={close}>
            {w.cancel}
          </button>
          <button class="strong" disabled={!to}>
            {w.transfer}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function Load({ load, capacity }: { load: number; capacity: number }) {
  const { w } = useSpeech();
  const share = capacity ? Math.min(1, load / capacity) : 1;
  return (
    <span class="load">
      <svg viewBox="0 0 40 6" width="40" height="6" aria-hidden="true">
        <rect class="load-all" width="40" height="6" rx="3" />
        <rect class={share >= 1 ? "load-full" : "load-some"} width={40 * share} height="6" rx="3" />
      </svg>
      {w.loadOf(load, capacity)}
    </span>
  );
}

function Resolve({ id, close, sent, thenNext }: Ask & { sent: () => void; thenNext: boolean }) {
  const { w, lang } = useSpeech();
  const desk = useDesk((d) => d.self);
  const go = (reason?: string) => () => {
    sent();
    desk.act("resolve", id, reason ? { reason } : {});
    close();
  };
  const choices = (desk.self?.reasons ?? []).map((r) => ({ word: r.name[lang], run: go(r.id) }));
  return (
    <Dialog title={thenNext ? `${w.resolveNext}: ${w.resolveAsk}` : w.resolveAsk} close={close} class="narrow">
      <Choices choices={[...choices, { word: w.resolvePlain, run: go() }]} />
    </Dialog>
  );
}

function Snooze({ id, close }: Ask) {
  const { w, locale } = useSpeech();
  const desk = useDesk((d) => d.row(id)?.snoozed_until);
  const now = desk.now();
  const until = (at?: number) => () => {
    desk.act("snooze", id, at ? { until: at } : {});
    close();
  };
  const times: [string, number][] = [
    [w.quarter, now + 900_000],
    [w.hour, now + 3_600_000],
    [w.tomorrow, tomorrowAtNine(now)],
  ];
  const choices = times.map(([word, at]) => ({ word, hint: moment(at, now, locale), run: until(at) }));
  const wake = desk.row(id)?.snoozed_until ? [{ word: w.wake, run: until() }] : [];
  return (
    <Dialog title={w.snoozeAsk} close={close} class="narrow">
      <Choices choices={[...choices, ...wake]} />
    </Dialog>
  );
}

function Labels({ id, close }: Ask) {
  const { w, lang } = useSpeech();
  const desk = useDesk((d) => d.self);
  const [chosen, set] = useState(() => desk.row(id)?.labels ?? []);
  const known = desk.self?.labels ?? [];
  const all = [...known.map((l) => l.id), ...chosen.filter((c) => !known.some((l) => l.id === c))];
  const flip = (label: string) => set(chosen.includes(label) ? chosen.filter((c) => c !== label) : [...chosen, label]);
  const go = (e: Event) => {
    e.preventDefault();
    desk.act("label", id, { labels: chosen });
    close();
  };
  return (
    <Dialog title={w.labels} close={close} class="narrow">
      <form class="form" onSubmit={go}>
        {all.length === 0 && <p class="soft">{w.labelsNone}</p>}
        <div class="targets">
          {all.map((label, i) => (
            <label class="target" key={label}>
              <input
                type="checkbox"
                checked={chosen.includes(label)}
                onChange={() => flip(label)}
                data-first={i === 0 ? "" : undefined}
              />
              <span class="grow">{named(known, label, lang)}</span>
            </label>
          ))}
        </div>
        <div class="form-end">
          <button type="button" onClick={close}>
            {w.cancel}
          </button>
          <button class="strong">{w.save}</button>
        </div>
      </form>
    </Dialog>
  );
}

function TakeOver({ id, close }: Ask) {
  const { w } = useSpeech();
  const desk: Desk = useDesk((d) => d.row(id));
  const row = desk.row(id);
  return (
    <Dialog title={w.takeOver} close={close} class="narrow">
      <p>{w.takeOverAsk(row?.agent_name ?? row?.agent ?? "?")}</p>
      <div class="form-end">
        <button data-first onClick={close}>
          {w.cancel}
        </button>
        <button
          class="strong"
          onClick={() => {
            desk.act("claim", id, { force: true });
            close();
          }}
        >
          {w.takeOver}
        </button>
      </div>
    </Dialog>
  );
}
