// The browser's own speech, where it has one. Loaded only when it is used; off unless the page asks for it.

export type Dictation = { stop(): void; ended: Promise<void> };
type Recognition = EventTarget & {
  lang: string;
  interimResults: boolean;
  continuous: boolean;
  start(): void;
  stop(): void;
};
type Heard = Event & { resultIndex: number; results: ArrayLike<ArrayLike<{ transcript: string }> & { isFinal: boolean }> };

export function dictate(locale: string, heard: (text: string, final: boolean) => void): Dictation | null {
  const found = window as unknown as Record<string, (new () => Recognition) | undefined>;
  const Made = found.SpeechRecognition ?? found.webkitSpeechRecognition;
  if (!Made) return null;
  const ears = new Made();
  ears.lang = locale;
  ears.interimResults = true;
  ears.continuous = true;
  ears.addEventListener("result", (e) => {
    const { results, resultIndex } = e as Heard;
    for (let at = resultIndex; at < results.length; at++) heard(results[at][0].transcript, results[at].isFinal);
  });
  const ended = new Promise<void>((done) => {
    ears.addEventListener("end", () => done());
    ears.addEventListener("error", () => done());
  });
  ears.start();
  return { stop: () => ears.stop(), ended };
}

export function readAloud(text: string, locale: string) {
  const said = new SpeechSynthesisUtterance(text);
  said.lang = locale;
  speechSynthesis.speak(said);
}

export function hush() {
  speechSynthesis.cancel();
}
