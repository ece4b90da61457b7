// The accounts of colleagues; admins may change them.
import { useState } from "preact/hooks";
import { Refused, send } from "./api";
import { Dialog } from "./dialog";
import { useApi, useDesk, useSpeech } from "./hooks";
import { named } from "./list";
import { officeWords } from "./office-words";
import { Shown } from "./panel";
import type { Lang, Role } from "./protocol";
import { Head } from "./reports";
import { refusalIn } from "./talk";

type Account = {
  account: string;
  name: string;
  role: Role;
  teams: string[];
  langs: Lang[];
  capacity: number;
  active: boolean;
};

const ROLES: Role[] = ["agent", "supervisor", "admin"];
const LANGS: Lang[] = ["zh", "en"];
const CAPACITY_MAX = 50;

export function People() {
  const { lang } = useSpeech();
  const o = officeWords(lang);
  const desk = useDesk((d) => d.self);
  const isAdmin = desk.self?.role === "admin";
  const all = useApi<{ accounts: Account[] }>("accounts");
  const [edited, edit] = useState<Account | null>(null);
  const [saved, setSaved] = useState("");
  const done = (name: string) => {
    edit(null);
    setSaved(`${o.saved}: ${name}`);
    all.again();
  };
  return (
    <>
      <p class="soft" role="status">
        {saved || (isAdmin ? "" : o.onlyAdmin)}
      </p>
      <Shown from={all}>
        {({ accounts }) =>
          accounts.length === 0 ? (
            <p class="quiet">{o.noAccounts}</p>
          ) : (
            <Accounts accounts={accounts} edit={isAdmin ? edit : null} />
          )
        }
      </Shown>
      {edited && <Edit of={edited} close={() => edit(null)} done={done} />}
    </>
  );
}

function Accounts({ accounts, edit }: { accounts: Account[]; edit: ((a: Account) => void) | null }) {
  const { w, lang } = useSpeech();
  const o = officeWords(lang);
  const desk = useDesk((d) => d.self);
  const heads = [o.fullName, o.account, o.role, o.teams, o.langs, o.capacity, o.active, ...(edit ? [o.edit] : [])];
  return (
    <div class="table-frame" tabIndex={0} role="group" aria-label={w.pages.people}>
      <table>
        <caption class="unseen">{w.pages.people}</caption>
        <Head heads={heads} />
        <tbody>
          {accounts.map((a) => (
            <tr key={a.account}>
              <th scope="row">{a.name}</th>
              <td>{a.account}</td>
              <td>{o.roles[a.role]}</td>
              <td>{a.teams.map((t) => named(desk.self?.all_teams, t, lang)).join(", ") || "–"}</td>
              <td>{a.langs.map((l) => w.langs[l]).join(", ") || "–"}</td>
              <td>{a.capacity}</td>
              <td>{a.active ? o.active : o.inactive}</td>
              {edit && (
                <td>
                  <button onClick={() => edit(a)} aria-label={o.editOf(a.name)}>
                    {o.edit}
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type EditProps = { of: Account; close: () => void; done: (name: string) => void };

function Edit({ of, close, done }: EditProps) {
  const { w, lang } = useSpeech();
  const o = officeWords(lang);
  const desk = useDesk((d) => d.self);
  const [form, set] = useState({ ...of, password: "" });
  const [error, setError] = useState("");
  const flip = <T,>(all: T[], one: T) => (all.includes(one) ? all.filter((x) => x !== one) : [...all, one]);
  const save = async (e: Event) => {
    e.preventDefault();
    const { account, password, ...rest } = form;
    try {
      await send("PUT", `accounts/${encodeURIComponent(account)}`, password ? { ...rest, password } : rest);
      done(form.name);
    } catch (why) {
      setError(why instanceof Refused ? refusalIn({ code: why.code, message: why.message }, w) : w.unreachable);
    }
  };
  return (
    <Dialog title={o.editOf(of.name)} close={close}>
      <form class="form" onSubmit={save}>
        <label class="field">
          {o.fullName}
          <input data-first required value={form.name} onInput={(e) => set({ ...form, name: e.currentTarget.value })} />
        </label>
        <div class="pair">
          <label class="field">
            {o.role}
            <select value={form.role} onChange={(e) => set({ ...form, role: e.currentTarget.value as Role })}>
              {ROLES.map((r) => (
                <option key={r} value={r}>
                  {o.roles[r]}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            {o.capacity}
            <input
              type="number"
              min={0}
              max={CAPACITY_MAX}
              required
              value={form.capacity}
              onInput={(e) => set({ ...form, capacity: Number(e.currentTarget.value) })}
            />
          </label>
        </div>
        <Ticks
          title={o.teams}
          all={(desk.self?.all_teams ?? []).map((t) => [t.id, t.name[lang]])}
          chosen={form.teams}
          flip={(t) => set({ ...form, teams: flip(form.teams, t) })}
        />
        <Ticks
          title={o.langs}
          all={LANGS.map((l) => [l, w.langs[l]!])}
          chosen={form.langs}
          flip={(l) => set({ ...form, langs: flip(form.langs, l as Lang) })}
        />
        <label class="target">
          <input type="checkbox" checked={form.active} onChange={() => set({ ...form, active: !form.active })} />
          <span class="grow">{o.active}</span>
        </label>
        <label class="field">
          {o.password}
          <input
            type="password"
            autocomplete="new-password"
            value={form.password}
            onInput={(e) => set({ ...form, password: e.currentTarget.value })}
          />
        </label>
        <p class="error" role="alert">
          {error}
        </p>
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

type TicksProps = { title: string; all: [string, string][]; chosen: string[]; flip: (one: string) => void };

function Ticks({ title, all, chosen, flip }: TicksProps) {
  if (all.length === 0) return null;
  return (
    <fieldset class="ticks">
      <legend>{title}</legend>
      {all.map(([id, word]) => (
        <label class="target" key={id}>
          <input type="checkbox" checked={chosen.includes(id)} onChange={() => flip(id)} />
          <span>{word}</span>
        </label>
      ))}
    </fieldset>
  );
}
