// The agents' console. In: the login, or the desk of whoever is logged in.
import { render } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { api, whenLoggedOut } from "./api";
import { SpeechContext } from "./hooks";
import { Login } from "./login";
import { remember, remembered } from "./memory";
import type { Lang, Me } from "./protocol";
import { Shell } from "./shell";
import { showTheme } from "./theme";
import { localeOf } from "./time";
import { EN } from "./words-en";
import { ZH } from "./words";

function firstLang(): Lang {
  const wanted = new URLSearchParams(location.search).get("lang") ?? remembered("lang") ?? navigator.language;
  return wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function App() {
  const [lang, setLang] = useState<Lang>(firstLang);
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const [hasEnded, setEnded] = useState(false);
  const speech = useMemo(() => ({ w: lang === "zh" ? ZH : EN, lang, locale: localeOf(lang) }), [lang]);
  const switchLang = useCallback(() => {
    setLang((old) => {
      const next = old === "zh" ? "en" : "zh";
      remember("lang", next);
      return next;
    });
  }, []);
  const ended = useCallback(() => {
    setEnded(true);
    setMe(null);
  }, []);
  useEffect(() => {
    document.documentElement.lang = speech.locale;
    if (!me) document.title = speech.w.name;
  }, [speech, me]);
  useEffect(() => {
    whenLoggedOut(ended);
    api<Me>("me").then(setMe, () => setMe(null));
  }, []);
  const enter = (who: Me) => {
    setEnded(false);
    setMe(who);
  };
  return (
    <SpeechContext.Provider value={speech}>
      {me === undefined && <p class="quiet">{speech.w.loading}</p>}
      {me === null && <Login done={enter} hasEnded={hasEnded} switchLang={switchLang} />}
      {me && <Shell key={me.account} me={me} switchLang={switchLang} leave={() => setMe(null)} ended={ended} />}
    </SpeechContext.Provider>
  );
}

showTheme();
render(<App />, document.getElementById("app")!);
