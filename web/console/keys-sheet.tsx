import { Dialog } from "./dialog";
import { useSpeech } from "./hooks";
import { SHEET } from "./keys";

export function Sheet({ close }: { close: () => void }) {
  const { w } = useSpeech();
  return (
    <Dialog title={w.keysTitle} close={close} class="wide">
      <dl class="sheet">
        {SHEET.map(([what, keys]) => (
          <div key={what}>
            <dt>{w.keys[what]}</dt>
            <dd>{keys.split(/(, | … )/).map((k) => (/^(, | … )$/.test(k) ? k : <kbd key={k}>{k}</kbd>))}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
