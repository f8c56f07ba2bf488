/** Every Debian package that dpkg knows, from one call (dpkg-query(1)). */
import type { Probe } from '../../engine/resource.ts'
import { ask, rows } from './ask.ts'

export interface DebianPackage {
  readonly version: string
  /** dpkg's state: `installed`, `config-files` (removed, its configuration stays), `half-configured`, … */
  readonly status: string
}

/** Fields in dpkg-query's own notation, a row a package. */
const format = `${['Package', 'db:Status-Status', 'Version'].map((field) => `$\{${field}}`).join('\\t')}\\n`
const argv = ['dpkg-query', '-W', '-f', format]

export const packagesProbe: Probe<ReadonlyMap<string, DebianPackage>> = {
  id: 'dpkg-query -W',
  async read({ reader }) {
    const { stdout } = await ask(reader, argv, 'look which packages are installed')
    const packages = new Map<string, DebianPackage>()
    for (const [name, status, version] of rows(stdout)) {
      if (name === undefined || status === undefined) continue
      // A package of several architectures has a row each; the one that is installed counts.
      if (packages.get(name)?.status === 'installed') continue
      packages.set(name, { status, version: version ?? '' })
    }
    return packages
  },
}
