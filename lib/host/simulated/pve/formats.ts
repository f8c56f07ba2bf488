/**
 * The formats that pvesm checks its parameters against. A check returns what the tool says after `invalid format - `,
 * or null. Texts as recorded (pvesm.jsonl, groups add and set) where a recording has them, else as in pve-common.
 */

export type Check = (value: string) => string | null

/** `[,;\s]+` separates everywhere in Proxmox's lists ("content separated by semicolons", pvesm.jsonl n=37). */
export const splitList = (value: string): string[] => value.split(/[,;\s\0]+/).filter((word) => word !== '')

const contentWords = new Set(['backup', 'images', 'import', 'iso', 'none', 'rootdir', 'snippets', 'vztmpl'])

export const storageId: Check = (value) => {
  if (value.length < 2) return `storage ID '${value}' cannot be shorter than 2 characters`
  return /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i.test(value) ? null : `storage ID '${value}' contains illegal characters`
}

export const contentType: Check = (value) => (contentWords.has(value) ? null : `invalid content type '${value}'`)

export const nodeName: Check = (value) =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(value) ? null : 'value does not look like a valid node name'

/** Not anchored at its end, so almost anything passes here; a dir storage looks again (`illegal path …`). */
export const absolutePath: Check = (value) =>
  /^\/[^;()]+/.test(value) ? null : 'value does not look like a valid absolute path'

const dnsName = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i
const ipv6 = /^[0-9a-f:]*:[0-9a-f:.]*$/i

export const server: Check = (value) =>
  dnsName.test(value) || ipv6.test(value) ? null : 'value does not look like a valid server name or IP address'

export const mountOptions: Check = (value) => (/^\S+$/.test(value) ? null : 'invalid options')

export const configId: Check = (value) =>
  /^[a-z][a-z0-9_-]+$/i.test(value) ? null : `invalid configuration ID '${value}'`

export const contentDir: Check = (value) => {
  const type = /^([a-z]+)=[^.]+$/.exec(value)?.[1]
  return type !== undefined && contentWords.has(type) ? null : `invalid override '${value}'`
}

export const vmid: Check = (value) =>
  /^[1-9][0-9]{2,8}$/.test(value) ? null : 'value does not look like a valid VM ID'

export const volumeId: Check = (value) =>
  /^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$/i.test(value) ? null : `unable to parse volume ID '${value}'`

export const listOf =
  (check: Check): Check =>
  (value) => {
    for (const word of splitList(value)) {
      const wrong = check(word)
      if (wrong !== null) return wrong
    }
    return null
  }

/** `key=value,…` with a closed set of keys (pvesm.jsonl n=70 shows the text for an unknown one). */
function keyed(name: string, numbers: readonly string[], booleans: readonly string[], integer: boolean): Check {
  return (value) => {
    const wrong: string[] = []
    const seen = new Set<string>()
    for (const part of value.split(',')) {
      if (part.trim() === '') continue
      const [, key, text] = /^([^=]+)=(.+)$/.exec(part) ?? []
      if (key === undefined || text === undefined) {
        return part.includes('=')
          ? 'missing key in comma-separated list property'
          : 'value without key, but schema does not define a default key'
      }
      if (seen.has(key)) return `duplicate key in comma-separated list property: ${key}`
      seen.add(key)
      const path = `${name}.${key}`
      if (booleans.includes(key)) {
        if (parseBoolean(text) === null) wrong.push(`${path}: type check ('boolean') failed - got '${text}'`)
      } else if (!numbers.includes(key)) {
        wrong.push(`${path}: property is not defined in schema and the schema does not allow additional properties`)
      } else if (!(integer ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/).test(text)) {
        wrong.push(`${path}: type check ('${integer ? 'integer' : 'number'}') failed - got '${text}'`)
      } else if (Number(text) < 0) {
        wrong.push(`${path}: value must have a minimum value of 0`)
      }
    }
    if (wrong.length > 0) return ['format error', ...wrong].join('\n')
    return null
  }
}

const pruneKeys = ['keep-daily', 'keep-hourly', 'keep-last', 'keep-monthly', 'keep-weekly', 'keep-yearly']
const pruneSyntax = keyed('prune-backups', pruneKeys, ['keep-all'], true)

export const pruneBackups: Check = (value) => {
  const wrong = pruneSyntax(value)
  if (wrong !== null) return wrong
  const parts = value.split(',').map((part) => part.split('='))
  const all = parts.some(([key, text]) => key === 'keep-all' && parseBoolean(text ?? '') === true)
  const others = parts.some(([key, text]) => key !== 'keep-all' && Number(text) > 0)
  return all && others ? 'keep-all cannot be set together with other options.' : null
}

export const bandwidth: Check = keyed('bwlimit', ['clone', 'default', 'migration', 'move', 'restore'], [], false)

/** Words for true and false on the command line; in storage.cfg only 0 and 1 count (pvesm.jsonl n=252). */
export function parseBoolean(text: string): boolean | null {
  if (/^(1|on|yes|true)$/i.test(text)) return true
  if (/^(0|off|no|false)$/i.test(text)) return false
  return null
}
