/** The script that sets up a container's application: a feature that comes after all others. */
import type { FeatureScript } from '../../config/feature-scripts.ts'
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Comparison, Foreseen, Look, Owned, Resource } from '../../engine/resource.ts'
import { Feature } from '../guest/feature.ts'
import { guestLock, Inside, insideId } from '../guest/inside.ts'

/** No feature can be called so: their names have no dot. */
export const applicationName = 'application.script'

export class Application implements Resource {
  readonly id: string
  readonly locks
  readonly #container: DeclaredLxc
  readonly #script: FeatureScript | { readonly why: string }
  readonly #among: readonly string[]

  /** `script` is what its file had when the config was read, or why it could not be; `among` all the container's features. */
  constructor(container: DeclaredLxc, script: FeatureScript | { readonly why: string }, among: readonly string[]) {
    this.id = insideId(container, `feature:${applicationName}`)
    this.locks = [guestLock(container)]
    this.#container = container
    this.#script = script
    this.#among = among
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const [script, container] = [this.#script, this.#container]
    if ('why' in script) {
      const why = `the script of container ${container.id}'s application can't be read: ${script.why}`
      throw new CannotLook(why, ['mend the file, or name another "application_script"'])
    }
    const { featureTimeoutSeconds: timeoutSeconds } = container
    const feature = new Feature({ script, timeoutSeconds, onShare: null, among: this.#among })
    return new Inside(container, feature, "run the application's script").compare(look, foreseen, owned)
  }
}
