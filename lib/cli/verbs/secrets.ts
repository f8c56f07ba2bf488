/** phx secrets check: which secret references of the config resolve here. Says where each is kept, and never what it is. */
import { loadConfig } from '../../config/load.ts'
import { jsonPath } from '../../config/problem.ts'
import { secretReferences } from '../../config/secret-references.ts'
import { describeSecret, secretFiles } from '../../config/secrets.ts'
import { declaredDisks } from '../../config/zfs.ts'
import { readerOf } from '../../host/host.ts'
import { openHost } from '../../host/open.ts'
import { SecretStore } from '../../secrets/store.ts'
import { document } from '../../view/screen.ts'
import { type CheckedSecret, secretsText } from '../../view/secrets.ts'
import { type Environment, screenOf } from '../environment.ts'
import { exitCodes, InvalidConfig, ofFolder } from '../exit.ts'
import type { Invocation } from '../invocation.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const screen = screenOf(environment, invocation.noColor)
  const loaded = loadConfig(invocation.config)
  if (!loaded.ok) throw new InvalidConfig(loaded.file, loaded.problems)
  const { config } = loaded
  const host = await ofFolder(
    openHost(invocation.host, declaredDisks(config), { readOnly: true, secretFiles: secretFiles(config) }),
  )
  try {
    const store = new SecretStore(readerOf(host), environment.variables)
    const secrets: CheckedSecret[] = []
    // One after the other: a password store may ask its person for a key.
    for (const { path, reference } of secretReferences(config)) {
      const found = await store.resolve(reference)
      const place = { path: jsonPath(path), where: describeSecret(reference), resolves: found.ok }
      secrets.push(
        found.ok ? { ...place, why: null, mend: [] } : { ...place, why: found.why, mend: mendOf(found.mend) },
      )
    }
    const ok = secrets.every((secret) => secret.resolves)
    if (invocation.json) {
      screen.out(document({ format: 1, host: host.name, config: invocation.config, ok, secrets }))
    } else screen.out(secretsText(secrets, screen.paint))
    return ok ? exitCodes.ok : exitCodes.failed
  } finally {
    await host.close()
  }
}

/** Whoever reads this has just called it. */
const mendOf = (mend: readonly string[]): string[] => mend.filter((line) => line !== 'phx secrets check')
