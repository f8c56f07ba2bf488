/**
 * Puts a folder of the host into a container that runs, as PVE::LXC does it (mountpoint_hotplug): the mount is made on
 * the host (open_tree(2)), carried over into the container's mount namespace and attached there (move_mount(2)).
 * In Python, for its ctypes: neither Node nor mount(8) can do both halves in one process.
 */
export const plugScript = `import ctypes, os, sys
pid, source, inside, owner, mode = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
def system(name, number, *args):
    result = libc.syscall(number, *args)
    if result < 0: sys.exit(f'{name} {source} on {inside}: {os.strerror(ctypes.get_errno())}')
    return result
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
tree = system('open_tree', 428, AT_FDCWD, source.encode(), 1 | os.O_CLOEXEC)
if mode == 'ro':
    read_only = (ctypes.c_uint64 * 4)(1, 0, 0, 0)
    system('mount_setattr', 442, tree, b'', AT_EMPTY_PATH, read_only, 32)
os.setns(os.open(f'/proc/{pid}/ns/mnt', os.O_RDONLY), os.CLONE_NEWNS)
place = ''
for name in inside.strip('/').split('/'):
    place += '/' + name
    if not os.path.isdir(place):
        os.mkdir(place)
        os.chown(place, *map(int, owner.split(':')))
system('move_mount', 429, tree, b'', AT_FDCWD, inside.encode(), 4)
`
