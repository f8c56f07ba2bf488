/** Takes out of a text what differs from run to run: identities, times, sizes in use (test/transcripts/README.md). */

const masks: readonly [RegExp, string][] = [
  // Perl's own warnings, with line numbers of its modules
  [/^Use of uninitialized value .*\n/gm, ''],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\bzfs-[0-9a-f]{16}\b/g, 'zfs-<hex>'],
  // Partitions of an MBR: the disk's signature and the number.
  [/\b[0-9a-f]{8}(-0\d)\b/g, '<mbr>$1'],
  [/(PTUUID="?)[0-9a-f]{8}\b/g, '$1<mbr>'],
  [/(?<![\d.])\d{15,20}(?![\d.])/g, '<guid>'],
  [/hostid=[0-9a-f]+/g, 'hostid=<hostid>'],
  [/Last accessed by \S+ /g, 'Last accessed by <host> '],
  [
    /\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+ +[\d:]+( \d{4})?/g,
    '<time>',
  ],
  // pdbedit: when a password was set; smbclient: what is free on the disk
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} UTC\b/g, '<time>'],
  [/\bLCT-[0-9A-F]{8}\b/g, 'LCT-<time>'],
  [/\b\d+ blocks of size 1024\. \d+ blocks available/g, '<blocks>'],
  [/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+ +\d\d:\d\d\b/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d\.\d\d:\d\d:\d\d\b/g, '<time>'],
  [/(?<![\d.])1[6-9]\d{8}(?![\d.])/g, '<epoch>'],
  [/\btxg:? ?\d+/g, 'txg<n>'],
  // scan lines of zpool status: amounts and durations
  [/(repaired|resilvered|resilver|scrubbed) [\d.]+[BKMGT]? in \d+( days )?[\d:]+/g, '$1 <amount> in <duration>'],
  [/[\d.]+[BKMGT]? (scanned|issued|resilvered|repaired)( at [\d.]+[BKMGT]?\/s)?/g, '<amount> $1'],
  [/[\d.]+% done, .*/g, '<progress>'],
  [/[\d.]+ ?[kMG]?B\/s/g, '<speed>'],
  [/, [\d.]+(e-\d+)? s, <speed>/g, ', <duration>, <speed>'],
]

export function maskText(text: string): string {
  return masks.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)
}

/** Properties and columns whose values vary: identities, times, what is in use. */
export const volatile: ReadonlySet<string> = new Set(
  [
    // zfs
    'used,usedbydataset,usedbysnapshots,usedbychildren,usedbyrefreservation,usedds,usedsnap,usedrefreserv,usedchild',
    'available,avail,referenced,refer,logicalused,lused,logicalreferenced,lrefer,written,compressratio,ratio',
    'refcompressratio,creation,guid,createtxg,objsetid,snapshots_changed,clones_used,iscsioptions',
    // zpool
    'alloc,allocated,free,frag,fragmentation,cap,capacity,load_guid,freeing,leaked,dedup_table_size,last_scrubbed_txg',
    'bcloneused,bclonesaved,bcloneratio,pool_guid,txg,asize,psize,rsize,alloc_space,total_space,def_space,rep_dev_size,phys_space',
    // zpool status -j
    'start_time,end_time,to_examine,examined,skipped,processed,issued,pass_start,pass_exam,pass_issued,issued_bytes_per_scan',
    'scrub_pause,scrub_spent_paused,resilver_deferred,scan_processed,scan_removing,devid,phys_path,slow_ios,issued_bytes,scrub_spent_paused',
    'read_ops,write_ops,free_ops,claim_ops,trim_ops,null_ops,read_bytes,write_bytes,free_bytes,claim_bytes,trim_bytes,null_bytes',
    'scan_time,init_time,trim_time,trim_action_time,checkpoint_time,checkpoint_space,bytes_per_scan,time,timestamp',
  ].flatMap((names) => names.split(',')),
)

/** Present only when something was resilvered or healed, which depends on timing. */
export const incidental: ReadonlySet<string> = new Set(['scan_processed', 'self_healed', 'resilver_repair'])

/** Counts of errors: whether there are any. */
export const counts: ReadonlySet<string> = new Set(
  'read_errors,write_errors,checksum_errors,read,write,cksum,error_count,repaired'.split(','),
)

export const maskCount = (value: string): string => (/^(0|-)$/.test(value) ? value : '<some>')
