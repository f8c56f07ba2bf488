/** A look at all processes while phx runs, and at all that is kept afterwards, for texts that may stand nowhere. */
import assert from 'node:assert/strict'
import type { Vm } from './vm.ts'

/** Notes the name of each program seen, and those with one of the texts in their arguments or environment. */
const watcher = `import os, time
texts = [line for line in open('/run/watch/texts', 'rb').read().split(b'\\n') if line]
seen, told = set(), set()
while not os.path.exists('/run/watch/stop'):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            words = open(f'/proc/{pid}/cmdline', 'rb').read()
            told_here = words + open(f'/proc/{pid}/environ', 'rb').read()
        except OSError:
            continue
        # A script's own name is the second word.
        names = [os.path.basename(word).decode(errors='replace') for word in words.split(b'\\0')[:2]]
        name = ' '.join(names)
        seen.update(names)
        if any(text in told_here for text in texts): told.add(name)
    time.sleep(0.02)
with open('/run/watch/result.new', 'w') as file:
    print('seen:', *sorted(seen), file=file)
    print('told:', *sorted(told), file=file)
os.rename('/run/watch/result.new', '/run/watch/result')
`

/** Longer than a look at all processes takes: no program that is named for it comes and goes unseen. */
const slowed = (program: string): string => `#!/bin/bash\nsleep 0.5\nPATH=/usr/sbin:/usr/bin exec ${program} "$@"\n`

/** Looks some twenty times a second until \`noSecretInProcesses\` asks. Does not outlive a reboot. */
export async function watchProcesses(vm: Vm, texts: readonly string[], programs: readonly string[]): Promise<void> {
  for (const program of programs) await vm.write(`/usr/local/sbin/${program}`, slowed(program), '755')
  await vm.run('install -d -m 0700 /run/watch && cat >/run/watch/texts', { stdin: texts.join('\n') })
  await vm.write('/run/watch/watch.py', watcher)
  await vm.run('setsid python3 /run/watch/watch.py >/dev/null 2>&1 </dev/null &')
}

/** None of the texts in a process since; the programs, which must have been seen, prove the look. */
export async function noSecretInProcesses(vm: Vm, programs: readonly string[]): Promise<void> {
  const result = await vm.run(
    'touch /run/watch/stop; until [ -e /run/watch/result ]; do sleep 0.1; done; cat /run/watch/result; rm -r /run/watch',
  )
  for (const program of programs) await vm.run(['rm', `/usr/local/sbin/${program}`])
  const [seen = '', told] = result.split('\n')
  for (const program of programs) assert.ok(seen.split(' ').includes(program), `${program} was never seen: ${seen}`)
  assert.equal(told, 'told:', 'a secret in the arguments or the environment of a process')
}

/** None of the texts in what the VM has printed so far, nor in anything that is kept but for these files. */
export async function noSecretKept(vm: Vm, texts: readonly string[], secretFiles: readonly string[]): Promise<void> {
  for (const entry of vm.log) {
    const said = typeof entry === 'string' ? entry : `${entry.command}\n${entry.stdout}\n${entry.stderr}`
    for (const text of texts) assert.ok(!said.includes(text), `a secret in a command or in what it printed: ${text}`)
  }
  const found = await vm.run(
    `cat >/run/texts; grep -rlaF -f /run/texts /etc /home /root /run /tmp /usr/local /var/cache /var/lib /var/log /var/tmp --exclude=texts 2>/dev/null
    journalctl --sync; journalctl -o export --no-pager | grep -acF -f /run/texts; rm /run/texts`,
    { stdin: texts.join('\n') },
  )
  const kept = found.split('\n').filter((line) => !secretFiles.includes(line))
  assert.deepEqual(kept, ['0'], 'no file but the secrets’ own holds one, nor does the journal of systemd')
}
