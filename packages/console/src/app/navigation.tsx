/** Where one can go from everywhere: the sidebar, and the bar at the bottom of a phone. */
import {
  IconCode,
  IconFileSearch,
  IconLayoutSidebar,
  IconMenu2,
  IconPlus,
  IconServer2,
  IconSettings,
  IconUsers,
  IconWorld,
} from '@tabler/icons-react'
import { Link, type LinkProps } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { useMay, useSession } from '../data/session.ts'
import { IconButton } from '../kit/button.tsx'
import { classes } from '../kit/classes.ts'
import { Drawer } from '../kit/dialog.tsx'
import { messages } from '../messages/index.ts'
import styles from './shell.module.css'

interface Entry {
  readonly to: string
  readonly label: string
  readonly icon: ReactNode
}

/** Absent is what can never be this person's; the server decides by the same policy. */
function useEntries(): readonly Entry[] {
  const session = useSession()
  const seesAudit = useMay('see_audit') === true
  return [
    { to: '/sql', label: messages.app.sqlEditor, icon: <IconCode size={20} aria-hidden /> },
    { to: '/compute/instances', label: messages.app.compute, icon: <IconServer2 size={20} aria-hidden /> },
    ...(seesAudit
      ? [{ to: '/audit', label: messages.app.audit, icon: <IconFileSearch size={20} aria-hidden /> }]
      : []),
    {
      to: '/identity/users',
      label: messages.app.identityAndAccess,
      icon: <IconUsers size={20} aria-hidden />,
    },
    ...(session.is_account_admin
      ? [
          {
            to: '/account/workspaces',
            label: messages.app.account,
            icon: <IconWorld size={20} aria-hidden />,
          },
        ]
      : []),
    { to: '/settings/profile', label: messages.app.settings, icon: <IconSettings size={20} aria-hidden /> },
  ]
}

const FOLDED_KEY = 'lakegate-sidebar'

export function Sidebar() {
  const entries = useEntries()
  const [isFolded, setFolded] = useState(() => localStorage.getItem(FOLDED_KEY) === 'folded')
  const fold = () => {
    localStorage.setItem(FOLDED_KEY, isFolded ? 'open' : 'folded')
    setFolded(!isFolded)
  }
  return (
    <nav
      aria-label={messages.app.navigation}
      className={classes(styles['nav'], isFolded && styles['folded'])}
    >
      <Item
        entry={{ to: '/sql', label: messages.app.newQuery, icon: <IconPlus size={20} aria-hidden /> }}
        search={{ new: true }}
      />
      <div className={styles['separator']} />
      {entries.map((entry) => (
        <Item key={entry.to} entry={entry} />
      ))}
      <div className={styles['fold']}>
        <IconButton
          label={isFolded ? messages.app.unfoldSidebar : messages.app.foldSidebar}
          icon={<IconLayoutSidebar size={20} aria-hidden />}
          onPress={fold}
        />
      </div>
    </nav>
  )
}

function Item({
  entry,
  search,
}: {
  readonly entry: Entry
  readonly search?: Readonly<Record<string, unknown>>
}) {
  const target = { to: entry.to, search } as LinkProps
  // The whole subject is current, not only the page that the entry opens.
  const [, subject = ''] = entry.to.split('/')
  const isCurrent = location.pathname.startsWith(`/console/${subject}`)
  return (
    <Link
      {...target}
      className={styles['item']}
      activeProps={{}}
      {...(isCurrent && search === undefined
        ? { 'aria-current': 'page' as const }
        : { 'aria-current': undefined })}
    >
      {entry.icon}
      <span className={styles['word']}>{entry.label}</span>
    </Link>
  )
}

/** Of a phone: three places, and the rest behind More. */
export function BottomBar() {
  const entries = useEntries()
  const [isOpen, setOpen] = useState(false)
  const shown = ['/compute/instances', '/sql', '/audit']
  return (
    <nav aria-label={messages.app.navigation} className={styles['bottom']}>
      {entries
        .filter(({ to }) => shown.includes(to))
        .map((entry) => (
          <Link key={entry.to} to={entry.to}>
            {entry.icon}
            {entry.label}
          </Link>
        ))}
      <Button onPress={() => setOpen(true)}>
        <IconMenu2 size={20} aria-hidden />
        {messages.app.more}
      </Button>
      <Drawer title={messages.app.navigation} isOpen={isOpen} onClose={() => setOpen(false)}>
        <div onClick={() => setOpen(false)} role="presentation">
          {entries.map((entry) => (
            <Item key={entry.to} entry={entry} />
          ))}
        </div>
      </Drawer>
    </nav>
  )
}
