/** What cloud-init is told by the drive that `qm` made for it (NoCloud: user, network, vendor and meta data). */
import type { Place } from '../place.ts'
import { settingsOf } from '../place.ts'
import { isMapping, parseYaml, type YamlMapping } from './yaml.ts'

export interface Seed {
  readonly instance: string
  readonly user: YamlMapping
  /** What the user's data says goes before what the vendor's says. */
  readonly vendor: YamlMapping
  readonly network: YamlMapping
  /** Parts that are no cloud-config: their first line does not say so, and they are left out. */
  readonly strange: readonly string[]
}

const header = '#cloud-config'

function configIn(text: string): YamlMapping | undefined {
  if (text.trim() === '') return {}
  if (text.split('\n', 1)[0]?.trim() !== header) return undefined
  const value = parseYaml(text)
  return isMapping(value) ? value : {}
}

/** Undefined when no such drive is plugged in. */
export function seedOf(place: Place): Seed | undefined {
  const isPluggedIn = [...settingsOf(place)].some(
    ([key, value]) => /^(ide|sata|scsi)\d+$/.test(key) && /cloudinit/.test(value),
  )
  const files = isPluggedIn ? place.host.machines?.[place.id]?.cloudInit : undefined
  if (files?.['/user-data'] === undefined) return undefined
  const [userText = '', vendorText = ''] = [files['/user-data'], files['/vendor-data']]
  const [user, vendor] = [configIn(userText), configIn(vendorText)]
  const meta = parseYaml(files['/meta-data'] ?? '')
  const network = parseYaml(files['/network-config'] ?? '')
  const strange = [...(user ? [] : [userText]), ...(vendor ? [] : [vendorText])]
  return {
    instance: isMapping(meta) ? String(meta['instance-id'] ?? '') : '',
    user: user ?? {},
    vendor: vendor ?? {},
    network: isMapping(network) ? network : {},
    strange,
  }
}

/** One setting of all that is told. */
export const told = ({ user, vendor }: Seed, key: string) => user[key] ?? vendor[key]
