/** Keys of encrypted datasets: phx runs without a person at the keyboard. */
import { propertiesIn, propertySpot } from '../comma.ts'
import { error, type Rule } from '../spot.ts'
import { datasetSpots, poolSpots } from '../zfs-view.ts'

/** keylocation is `prompt` unless another is given (zfsprops(7)): zfs create then waits for somebody to type. */
export const keysNeedNoTyping: Rule = function* (config) {
  const declared = [
    ...poolSpots(config).map((pool) => pool.get('filesystem_properties')),
    ...datasetSpots(config).map(({ spot }) => spot.get('properties')),
  ]
  for (const properties of declared) {
    const values = new Map(propertiesIn(properties.value).map(({ name, value }) => [name, value]))
    const keyformat = values.get('keyformat') ?? 'none'
    if ((values.get('encryption') ?? 'off') === 'off' || keyformat === 'none') continue
    if ((values.get('keylocation') ?? 'prompt') !== 'prompt') continue
    yield error(
      propertySpot(properties, values.has('keylocation') ? 'keylocation' : 'keyformat'),
      `zfs would ask for the ${keyformat === 'passphrase' ? 'passphrase' : 'key'}, and phx can't type one`,
      'put it into a file that only root can read, and write keylocation=file:///root/….key',
    )
  }
}
