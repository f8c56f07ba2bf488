/** Secrets on their way from where they are kept to a command's standard input, and nowhere else. */
import { inspect } from 'node:util'

/** Where a secret is kept, as the config says it (exactly one of the four). */
export interface SecretSource {
  readonly file?: string
  readonly env?: string
  readonly credential?: string
  readonly command?: readonly string[]
}

const hidden = '[secret]'

/** A secret's text. Printing it in any way says `[secret]`; only `reveal` gives the text away. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  /** What a command is to read: made of the secret, and as secret. */
  map(make: (text: string) => string): Secret {
    return new Secret(make(this.#text))
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}

/** What a command is to read, revealed: for the moment of handing it over. */
export const revealed = (stdin: Secret | Buffer): string | Buffer => (stdin instanceof Secret ? stdin.reveal() : stdin)

export type Resolved =
  | { readonly ok: true; readonly secret: Secret }
  /** `why` completes "the secret can't be read: …". */
  | { readonly ok: false; readonly why: string; readonly mend: readonly string[] }

/** The secrets of one phx process: each is read once, when the first resource that needs it is looked at. */
export interface Secrets {
  resolve(source: SecretSource): Promise<Resolved>
  /** The text with every secret that was resolved so far taken out: what tools say is passed through it. */
  redact(text: string): string
}

/** For those that have none. */
export const noSecrets: Secrets = {
  resolve: async () => ({ ok: false, why: 'this session resolves no secrets', mend: [] }),
  redact: (text) => text,
}
