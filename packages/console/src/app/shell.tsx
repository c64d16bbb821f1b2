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

// Not part of the first load; fetched soon after the page is shown, so that the field is ready for the first typed
// letter.
const loadPalette = () => import('./palette.tsx')
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }))
const KeysDialog = lazy(async () => ({ default: (await import('./keys-dialog.tsx')).KeysDialog }))
const FETCHES_AFTER = 1_000

export function Shell() {
  const queries = useQueryClient()
  const [open, setOpen] = useState<'palette' | 'keys' | undefined>()
  useEffect(() => startEvents(queries, loadedBuild()), [queries])
  useEffect(() => {
    // If it cannot be loaded now, it is loaded when the palette is opened.
    const timer = setTimeout(() => void loadPalette().catch(() => undefined), FETCHES_AFTER)
    return () => clearTimeout(timer)
  }, [])
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
