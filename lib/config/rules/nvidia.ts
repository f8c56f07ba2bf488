/** The NVIDIA driver: what its file's name and its source say of it. */
import { error, type Rule } from '../spot.ts'

export const driverIsOneVersion: Rule = function* (config) {
  const driver = config.get('nvidia_driver')
  const version = driver.get('version').text
  for (const name of ['runfile_url', 'runfile_path']) {
    const spot = driver.get(name)
    // NVIDIA-Linux-x86_64-580.76.05.run, NVIDIA-Linux-x86_64-580.76.05-no-compat32.run
    const named = /NVIDIA-Linux-[a-z0-9_]+-(\d+(?:\.\d+){1,2})(?:-[a-z0-9-]+)?\.run$/.exec(spot.text ?? '')?.[1]
    if (version === undefined || named === undefined || named === version) continue
    yield error(
      spot,
      `this is driver ${named}, declared is version ${version}`,
      `write "version": "${named}", or name the runfile of ${version}`,
      named,
    )
  }
  if (driver.get('packages').isPresent && driver.get('source').text !== 'apt')
    yield error(driver.get('packages'), 'the runfile needs no packages', 'remove it, or write "source": "apt"')
}
