/** A simulated host with a password's hash, and phx run on it with the one module `admin-user`. */
import type { PhxConfig, User } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { adminUser } from '../../tasks/admin-user.ts'
import { EngineScene, withSecret } from '../engine-scene.ts'

export const hash = '$6$marker$firsthash'
export const otherHash = '$6$marker$secondhash'
export const hashFile = '/etc/phx/secrets/ada.hash'

/** The letters are the 32 bytes of the key: another one for each. */
const body = (letter: string): string => `AAAAC3NzaC1lZDI1NTE5AAAAIA${letter.repeat(42)}`
export const key = (letter: string, comment = `${letter}@desk`): string => `ssh-ed25519 ${body(letter)} ${comment}`

/** Everything that a user can have. */
export const ada: User = {
  username: 'ada',
  sudo_access: true,
  groups: ['adm'],
  password_hash: { file: hashFile },
  ssh_public_key: key('A'),
  proxmox_role: 'Administrator',
}

export type Users = NonNullable<PhxConfig['users']>

export class Scene extends EngineScene {
  protected readonly modules = [adminUser]
  protected readonly step = 'admin-user'

  constructor(users: Users = [ada]) {
    super({ users }, withSecret(blankHost([]), hashFile, hash))
  }

  set users(users: Users) {
    this.config = { users }
  }
}

export const scene = (...of: ConstructorParameters<typeof Scene>): Scene => new Scene(...of)
