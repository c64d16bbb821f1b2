/** The frame around every page of a signed-in person. */
import { Outlet } from '@tanstack/react-router'
import { FlagRegion } from '../kit/flags.tsx'
import { messages } from '../messages/index.ts'
import { Header } from './header.tsx'
import { BottomBar, Sidebar } from './navigation.tsx'
import { SessionOverDialog } from './session-over-dialog.tsx'
import styles from './shell.module.css'

export function Shell() {
  return (
    <div className={styles['shell']}>
      <a href="#content" className={styles['skip']}>
        {messages.app.skipToContent}
      </a>
      <Header />
      <Sidebar />
      <main id="content" className={styles['main']} tabIndex={-1}>
        <Outlet />
      </main>
      <BottomBar />
      <FlagRegion />
      <SessionOverDialog />
    </div>
  )
}
