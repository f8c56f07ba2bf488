/** Where feature scripts are kept: on a dataset, never on the root disk, and not where guests can change them. */
import { liesIn, withoutSlash } from '../dataset-mounts.ts'
import { hostPathFindings } from '../host-path.ts'
import { error, type Rule, warning } from '../spot.ts'

export const featuresAreSound: Rule = function* (config) {
  const spot = config.get('vm_features', 'export')
  if (spot.text === undefined || !spot.text.startsWith('/')) return
  const path = withoutSlash(spot.text)
  for (const finding of hostPathFindings(config, spot, spot.text)) {
    const isElsewhere = finding.severity === 'warning' && finding.message.includes('lies on no declared dataset')
    yield isElsewhere ? error(spot, finding.message, finding.mend, finding.meant) : finding
  }
  for (const entry of config.get('nfs', 'exports').items()) {
    const exported = entry.get('path').text
    const options = entry.get('options')
    const words = options.text?.split(',') ?? options.items().map((one) => one.text ?? '')
    if (exported === undefined || !liesIn(path, withoutSlash(exported)) || !words.includes('rw')) continue
    yield warning(
      spot,
      `${exported} is exported read-write, and the feature scripts with it: its clients could change what other machines run as root`,
      'keep them on a dataset of their own, such as /POOL/vm-features',
    )
  }
}
