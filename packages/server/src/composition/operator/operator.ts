/** What the commands do that look after an installation; loaded when one of them runs. */
export { makeBackup } from './make-backup.ts'
export { restoreBackup } from './restore-backup.ts'
export { accessRecovery } from './recover-access.ts'
export { replaceLostMasterKey } from './replace-lost-master-key.ts'
export { readStatus } from './read-status.ts'
export { examine } from './examine.ts'
