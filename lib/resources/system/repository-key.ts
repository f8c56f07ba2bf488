/** The key of a declared repository: on the host already, or fetched, and always the one whose fingerprint is declared. */
import type { DeclaredExtra } from '../../config/initial-setup.ts'
import type { Change, Comparison, FieldChange, Look, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { keyFingerprints } from './openpgp.ts'

const folder = '/etc/apt/keyrings'

/** Where apt finds the key. */
export const keyPath = ({ name, keyFile }: DeclaredExtra): string => keyFile ?? `${folder}/phx-${name}.asc`

const idOf = ({ name }: DeclaredExtra): string => `repository-key:${name}`

/** `no armoured key`, or the fingerprints of all that the text holds. */
const shown = (text: string): string => keyFingerprints(text).join(' and ') || 'no ASCII-armoured key'

/** That key and no other. */
const isDeclared = (text: string, { fingerprint }: DeclaredExtra): boolean =>
  fingerprint === undefined || keyFingerprints(text).join() === fingerprint

export async function compareKey(extra: DeclaredExtra, look: Look): Promise<Comparison> {
  const path = keyPath(extra)
  const text = await look.reader.readFile(path)
  const live = text === undefined ? null : { key: shown(text) }
  if (text !== undefined && isDeclared(text, extra)) return { changes: [], refusals: [], notes: [], live }
  const field = { field: 'key', from: live?.key ?? null, to: extra.fingerprint ?? null }
  if (extra.keyUrl !== undefined)
    return { changes: [fetched(extra, extra.keyUrl, field)], refusals: [], notes: [], live }
  const why =
    text === undefined
      ? `the key of repository ${extra.name} is not on the host: ${path}`
      : `${path} is not the key that is declared for repository ${extra.name}`
  const mend = [
    `put the key there, alone and ASCII-armoured: gpg --export --armor ${extra.fingerprint ?? 'FINGERPRINT'}`,
    'or declare key_url and key_fingerprint instead of key_file',
  ]
  return { changes: [], refusals: [{ resource: idOf(extra), why, fields: [field], mend }], notes: [], live }
}

/** Beside its place first: apt never sees a key that was not checked. */
function fetched(extra: DeclaredExtra, url: string, field: FieldChange): Change {
  const path = keyPath(extra)
  const candidate = `${folder}/.phx-${extra.name}.asc.new`
  const check = async (reader: Reader): Promise<string | undefined> => {
    const text = (await reader.readFile(candidate)) ?? ''
    return isDeclared(text, extra) ? undefined : `${url} gave ${shown(text)}`
  }
  const curl = ['curl', '-fsSL', '--proto', '=https', '--max-time', '60', '-o', candidate, url]
  const steps: Step[] = [
    { kind: 'command', argv: ['mkdir', '-p', folder] },
    { kind: 'command', argv: curl, timeoutMs: 90_000 },
    {
      kind: 'verify',
      what: `the key is ${extra.fingerprint} and nothing else`,
      mend: ['ask the owner of the repository which key is theirs', `remove what was fetched: rm ${candidate}`],
      check,
    },
    { kind: 'command', argv: ['chmod', '644', candidate] },
    { kind: 'command', argv: ['mv', '--', candidate, path] },
  ]
  return {
    resource: idOf(extra),
    action: field.from === null ? 'create' : 'update',
    risk: 'safe',
    summary: `fetch the key of repository ${extra.name}`,
    fields: [field],
    steps,
    undo: { commands: [['rm', path]] },
  }
}
