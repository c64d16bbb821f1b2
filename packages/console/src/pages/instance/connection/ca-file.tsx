/** The certificate with which psql verifies the server, and the command that uses it. */
import { IconDownload } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { certificateAuthorityQuery } from '../../../data/connection-facts.ts'
import { Button } from '../../../kit/button.tsx'
import { CopyTextButton } from '../../../kit/copy.tsx'
import { saveFile } from '../../../kit/save-file.ts'
import { InlineError } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { CA_FILE, verifyFullLine, type Connection } from './connection-strings.ts'
import styles from './connection.module.css'

const texts = messages.instance.connection

export function CaFile({ connection }: { readonly connection: Connection }) {
  const queries = useQueryClient()
  const download = useMutation({
    mutationFn: async () => {
      const { certificate_pem: pem } = await queries.query({
        ...certificateAuthorityQuery,
        staleTime: 'static',
      })
      saveFile(CA_FILE, pem, 'application/x-pem-file')
    },
  })
  return (
    <>
      <div className={styles['trust']}>
        <Button
          icon={<IconDownload size={16} aria-hidden />}
          isBusy={download.isPending}
          onPress={() => download.mutate()}
        >
          {texts.downloadCa}
        </Button>
        <CopyTextButton what={texts.verifyFull} text={verifyFullLine(connection)}>
          {messages.kit.copyNamed(texts.verifyFull)}
        </CopyTextButton>
      </div>
      <InlineError error={download.error} />
      <p className={styles['note']}>{texts.caNote(CA_FILE)}</p>
    </>
  )
}
