/** Shown when a page does not exist or failed. */
import type { ErrorComponentProps } from '@tanstack/react-router'
import { LinkButton } from '../kit/button.tsx'
import { Page } from '../kit/page.tsx'
import { PageError } from '../kit/state.tsx'
import { messages } from '../messages/index.ts'
import styles from './shell.module.css'

export function NotFound() {
  return (
    <main className={styles['alone']}>
      <Page title={messages.kit.notFound}>
        <LinkButton to="/compute/instances">{messages.kit.backToInstances}</LinkButton>
      </Page>
    </main>
  )
}

export function FailedPage({ error, reset }: ErrorComponentProps) {
  return (
    <Page title={messages.app.failed}>
      <PageError error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    </Page>
  )
}
