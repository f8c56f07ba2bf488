/** Every rule, one finding a mistake. A new one goes into the file of its section and into this list. */
import type { Rule } from '../spot.ts'
import {
  datasetNamesAreLegal,
  datasetParentsAreDeclared,
  datasetPoolsExist,
  datasetsAreDeclaredOnce,
  volumesHaveSizes,
} from './datasets.ts'
import { diskPathsAreStraight, disksAreUsedOnce, disksHaveStableNames } from './disks.ts'
import { keysNeedNoTyping } from './encryption.ts'
import { injectionsHavePlaces } from './guest-files.ts'
import { dependenciesAreSound, guestsHaveAnOrder } from './guest-order.ts'
import { guestsHaveOneOrigin, templatesAreOnlyThat } from './guest-origins.ts'
import { sharesReachTheirGuests } from './guest-shares.ts'
import { guestFoldersLieOnDatasets, guestsAreSound } from './guests.ts'
import { hostIsSound } from './host.ts'
import { interfacesAreSound } from './interfaces.ts'
import { containerVolumesAreSound } from './lxc-volumes.ts'
import { mountPointsAreSound } from './mounts.ts'
import { addressesAreReal, firewallIsSound } from './network.ts'
import { exportsAreSound } from './nfs.ts'
import { driverIsOneVersion } from './nvidia.ts'
import { driverHasSource, secretsAreReferences, sshKeysAreWhole, usersAreSound } from './people.ts'
import { consentNamesDeclaredPools, poolNamesAreLegal, poolsHaveDisks, raidLevelFitsDisks } from './pools.ts'
import { propertiesAreSound } from './properties.ts'
import { vdevsAreAlike } from './redundancy.ts'
import { sambaUsersAreSound, sharedFoldersHaveOneOwner, sharesAreSound } from './samba.ts'
import {
  directStoragesHaveTypes,
  storageContentsFit,
  storageFieldsFit,
  storageIdsAreSound,
  storageKeysMatch,
} from './storages.ts'
import { featuresAreSound } from './vm-features.ts'

export const rules: readonly Rule[] = [
  poolNamesAreLegal,
  poolsHaveDisks,
  raidLevelFitsDisks,
  vdevsAreAlike,
  diskPathsAreStraight,
  disksAreUsedOnce,
  disksHaveStableNames,
  consentNamesDeclaredPools,
  datasetPoolsExist,
  datasetNamesAreLegal,
  datasetsAreDeclaredOnce,
  datasetParentsAreDeclared,
  volumesHaveSizes,
  propertiesAreSound,
  mountPointsAreSound,
  keysNeedNoTyping,
  directStoragesHaveTypes,
  storageIdsAreSound,
  storageKeysMatch,
  storageContentsFit,
  storageFieldsFit,
  exportsAreSound,
  sambaUsersAreSound,
  sharedFoldersHaveOneOwner,
  sharesAreSound,
  addressesAreReal,
  interfacesAreSound,
  hostIsSound,
  firewallIsSound,
  usersAreSound,
  sshKeysAreWhole,
  secretsAreReferences,
  driverHasSource,
  driverIsOneVersion,
  guestsAreSound,
  dependenciesAreSound,
  guestsHaveAnOrder,
  guestsHaveOneOrigin,
  templatesAreOnlyThat,
  sharesReachTheirGuests,
  injectionsHavePlaces,
  guestFoldersLieOnDatasets,
  containerVolumesAreSound,
  featuresAreSound,
]
