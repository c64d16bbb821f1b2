/** The frame around every page of a signed-in person. */
import { useQueryClient } from '@tanstack/react-query'
import { Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { startEvents } from '../data/events.ts'
import { loadedBuild } from '../data/session.ts'
import { FlagRegion } from '../kit/flags.tsx'
import { messages } from '../messages/index.ts'
import { Breadcrumbs } from './breadcrumbs.tsx'
import { Header } from './header.tsx'
import { BottomBar, Sidebar, toggleSidebar } from './navigation.tsx'
import { Notices } from './notices.tsx'
import { SessionOverDialog } from './session-over-dialog.tsx'
import styles from './shell.module.css'
import { useKeys } from './use-keys.ts'

// Nobody waits for these two, and the first load is smaller without them.
const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))
const KeysDialog = lazy(async () => ({ default: (await import('./keys-dialog.tsx')).KeysDialog }))

export function Shell() {
  const queries = useQueryClient()
  const [open, setOpen] = useState<'palette' | 'keys' | undefined>()
  useEffect(() => startEvents(queries, loadedBuild()), [queries])
  useKeys(
    useCallback((kind) => {
      if (kind === 'fold') toggleSidebar()
      else setOpen(kind === 'help' ? 'keys' : 'palette')
    }, []),
  )
  const close = () => setOpen(undefined)
  return (
    <div className={styles['shell']}>
      <a href="#content" className={styles['skip']}>
        {messages.app.skipToContent}
      </a>
      <Header onSearch={() => setOpen('palette')} onHelp={() => setOpen('keys')} />
      <Notices />
      <Sidebar />
      <main id="content" className={styles['main']} tabIndex={-1}>
        <Breadcrumbs />
        <Outlet />
      </main>
      <BottomBar onSearch={() => setOpen('palette')} />
      <FlagRegion />
      <Suspense fallback={null}>
        {open === 'palette' && <Palette onClose={close} onKeys={() => setOpen('keys')} />}
        {open === 'keys' && <KeysDialog onClose={close} />}
      </Suspense>
      <SessionOverDialog />
    </div>
  )
}
