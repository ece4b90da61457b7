// Who did what and when; older entries on demand.
import { useState } from "preact/hooks";
import { address, api } from "./api";
import { useApi, useSpeech } from "./hooks";
import { officeWords } from "./office-words";
import { Shown } from "./panel";
import { Head } from "./reports";

type Entry = { id: number | string; at: number; account: string; act: string; object: string; detail: unknown };
type Page = { entries: Entry[] };

const said = (detail: unknown) => (typeof detail === "string" ? detail : detail == null ? "" : JSON.stringify(detail));

export function Audit() {
  const { w, lang, locale } = useSpeech();
  const o = officeWords(lang);
  const first = useApi<Page>("audit");
  const [more, setMore] = useState<Entry[]>([]);
  const [isEnd, setEnd] = useState(false);
  const [isFailed, setFailed] = useState(false);
  const older = async (last: Entry) => {
    try {
      const page = await api<Page>(address("audit", { before: String(last.id) }));
      setMore([...more, ...page.entries]);
      setEnd(page.entries.length === 0);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <Shown from={first}>
      {({ entries }) => {
        const all = [...entries, ...more];
        const last = all[all.length - 1];
        if (!last) return <p class="quiet">{o.noAudit}</p>;
        return (
          <>
            <div class="table-frame" tabIndex={0} role="group" aria-label={w.pages.audit}>
              <table class="words">
                <caption class="unseen">{w.pages.audit}</caption>
                <Head heads={[o.at, o.account, o.act, o.object, o.detail]} />
                <tbody>
                  {all.map((e) => (
                    <tr key={e.id}>
                      <td>{new Date(e.at).toLocaleString(locale, { dateStyle: "short", timeStyle: "medium" })}</td>
                      <td>{e.account}</td>
                      <td>{e.act}</td>
                      <td>{e.object}</td>
                      <td class="detail">{said(e.detail)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {isFailed && (
              <p class="error" role="alert">
                {w.failed}
              </p>
            )}
            {!isEnd && <button onClick={() => older(last)}>{o.older}</button>}
          </>
        );
      }}
    </Shown>
  );
}
