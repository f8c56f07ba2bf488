/** Device nodes for containers: there before Proxmox VE starts guests, and not only once somebody has used a GPU. */
import type { DeclaredFile } from '../file/owned-file.ts'

export const deviceNodesUnit = 'phx-nvidia.service'

/** `nvidia-modprobe -u` makes /dev/nvidia-uvm (host-tools 4.10); nvidia-smi makes the nodes of each GPU and proves that it answers. */
export const deviceNodes: DeclaredFile = {
  path: `/etc/systemd/system/${deviceNodesUnit}`,
  section: 'nvidia_driver',
  mode: 0o644,
  lines: [
    '[Unit]',
    'Description=Device nodes of the NVIDIA driver',
    'Before=pve-guests.service',
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    'ExecStart=/usr/bin/nvidia-modprobe -c 0 -u',
    'ExecStart=/usr/bin/nvidia-smi -L',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ],
  after: [{ kind: 'command', argv: ['systemctl', 'daemon-reload'] }],
}
