// Files that wait for the reply they will go with: on the server as soon as they are chosen, so that the reply itself
// only names them.
import { newId } from "../shared/text";
import { Refused, upload } from "./api";
import type { FilesTaken } from "./protocol";

/** Files of one message, as the server counts them. */
export const FILES_MAX = 4;

/** One chosen file; it has its id once it is up. */
export type Held = { key: string; name: string; type: string; id?: string };
/** Why a file was not added: the server's code, or one of this page's own. */
export type Trouble = { code: string; name: string };

const NONE: readonly Held[] = [];

export class Tray {
  private held: Record<string, readonly Held[]> = {};
  private troubles: Record<string, Trouble | undefined> = {};

  constructor(private changed: () => void) {}

  of = (conversation: string): readonly Held[] => this.held[conversation] ?? NONE;
  trouble = (conversation: string): Trouble | undefined => this.troubles[conversation];
  isBusy = (conversation: string): boolean => this.of(conversation).some((one) => !one.id);

  add(conversation: string, files: readonly File[], taken: FilesTaken) {
    this.tell(conversation, undefined);
    for (const file of files) {
      const code = this.faultOf(conversation, file, taken);
      if (code) this.tell(conversation, { code, name: file.name });
      else void this.bring(conversation, file);
    }
  }

  drop(conversation: string, key: string) {
    this.tell(conversation, undefined);
    this.remove(conversation, key);
  }

  /** What goes with the reply; the tray is empty then. */
  take(conversation: string): string[] {
    const ids = this.of(conversation).flatMap((one) => one.id ?? []);
    this.tell(conversation, undefined);
    this.set(conversation, NONE);
    return ids;
  }

  /** A reply that did not go is mended: its files are up already, though their names are forgotten. */
  giveBack(conversation: string, ids: readonly string[]) {
    const there = this.of(conversation).filter((one) => !one.id || !ids.includes(one.id));
    this.set(conversation, [...ids.map((id) => ({ key: newId(), name: "", type: "", id })), ...there]);
  }

  /** The server judges by the bytes; a browser that knows no type leaves it to it. */
  private faultOf(conversation: string, file: File, taken: FilesTaken): string | undefined {
    if (this.of(conversation).length >= FILES_MAX) return "too_many";
    if (file.type && !taken.types.includes(file.type)) return "bad_file";
    return file.size > taken.bytes_max ? "too_large" : undefined;
  }

  private async bring(conversation: string, file: File) {
    const [key, name] = [newId(), file.name];
    this.set(conversation, [...this.of(conversation), { key, name, type: file.type }]);
    try {
      const { id } = await upload(conversation, file);
      // The same bytes are the same file.
      if (this.of(conversation).some((one) => one.id === id)) return this.remove(conversation, key);
      this.set(
        conversation,
        this.of(conversation).map((one) => (one.key === key ? { ...one, id } : one)),
      );
    } catch (error) {
      this.remove(conversation, key);
      this.tell(conversation, { code: error instanceof Refused ? error.code : "offline", name });
    }
  }

  private remove(conversation: string, key: string) {
    this.set(
      conversation,
      this.of(conversation).filter((one) => one.key !== key),
    );
  }

  private tell(conversation: string, trouble: Trouble | undefined) {
    this.troubles = { ...this.troubles, [conversation]: trouble };
    this.changed();
  }

  private set(conversation: string, held: readonly Held[]) {
    this.held = { ...this.held, [conversation]: held };
    this.changed();
  }
}
