/** Files put into virtual machines: each at a place of its own, that stays the guest's. */
import { liesIn } from '../dataset-mounts.ts'
import { climbs, plainPath } from '../plain-path.ts'
import { error, type Rule } from '../spot.ts'

export const injectionsHavePlaces: Rule = function* (config) {
  for (const vm of config.get('guests', 'vms').items()) {
    const shares = [
      ...vm
        .get('volumes')
        .items()
        .map((volume) => volume.get('mount_point').text),
      ...vm
        .get('nfs_shares')
        .items()
        .map((share) => share.get('guest_path').text),
    ].flatMap((path) => (path === undefined ? [] : [plainPath(path)]))
    const taken = new Set<string>()
    for (const injection of vm.get('file_injections').items()) {
      const spot = injection.get('destination')
      if (!spot.text?.startsWith('/')) continue
      const path = plainPath(spot.text)
      const share = shares.find((one) => liesIn(path, one))
      if (climbs(path)) yield error(spot, `${path} goes through ..`, 'write the path that is meant')
      else if (path === '/' || spot.text.endsWith('/')) {
        yield error(spot, `${spot.text} is a folder`, "write the file's name too: /etc/motd")
      } else if (taken.has(path)) yield error(spot, `two files are put at ${path}`, 'keep one of the two')
      else if (share !== undefined) {
        const message = `${path} is on the share that is mounted on ${share}: every guest with that share would see it`
        yield error(spot, message, "put it into the share's folder on the host, or elsewhere in the guest")
      }
      taken.add(path)
    }
  }
}
