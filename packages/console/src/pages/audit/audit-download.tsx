/** Downloads the filtered range as a file, one record per line. */
import { useMutation } from '@tanstack/react-query'
import { IconDownload } from '@tabler/icons-react'
import { downloadAudit, type AuditFilter, type AuditOf } from '../../data/audit.ts'
import { Button } from '../../kit/button.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { saveFile } from '../../kit/save-file.ts'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'

import styles from './audit.module.css'

export function AuditDownload({ of, filter }: { readonly of: AuditOf; readonly filter: AuditFilter }) {
  const download = useMutation({
    mutationFn: () => downloadAudit(of, filter),
    onSuccess: ({ jsonl, records, hasMore }) => {
      saveFile('audit.jsonl', jsonl, 'application/jsonl;charset=utf-8')
      showFlag({
        text: hasMore ? messages.audit.downloadedMost(records) : messages.audit.downloaded(records),
      })
    },
  })
  return (
    <div className={styles['download']}>
      <Button
        icon={<IconDownload size={16} aria-hidden />}
        isBusy={download.isPending}
        onPress={() => download.mutate()}
        aria-describedby="audit-download-hint"
      >
        {messages.audit.download}
      </Button>
      <span id="audit-download-hint" className="visually-hidden">
        {messages.audit.downloadHint}
      </span>
      <InlineError error={download.error} />
    </div>
  )
}
