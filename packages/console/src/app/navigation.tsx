/** The navigation that is always visible: the sidebar, and the bar at the bottom on a phone. */
import { IconLayoutSidebar, IconMenu2, IconPlus, IconSearch } from '@tabler/icons-react'
import { Link, useLocation, type LinkProps } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { useStore } from '../data/store.ts'
import { IconButton } from '../kit/button.tsx'
import { classes } from '../kit/classes.ts'
import { Drawer } from '../kit/dialog.tsx'
import { messages } from '../messages/index.ts'
import { sidebar } from './appearance.ts'
import { subjectOf, usePlaces, type Place } from './places.tsx'
import styles from './shell.module.css'

export const toggleSidebar = () => sidebar.set(sidebar.get() === 'open' ? 'folded' : 'open')

const NEW_QUERY: Place = {
  to: '/sql',
  label: messages.app.newQuery,
  icon: <IconPlus size={20} aria-hidden />,
}

export function Sidebar() {
  const places = usePlaces()
  const isFolded = useStore(sidebar) === 'folded'
  return (
    <nav
      aria-label={messages.app.navigation}
      className={classes(styles['nav'], isFolded && styles['folded'])}
    >
      <Item place={NEW_QUERY} search={{ new: true }} isFolded={isFolded} />
      <div className={styles['separator']} />
      {places.map((place) => (
        <Item key={place.to} place={place} isFolded={isFolded} />
      ))}
      <div className={styles['fold']}>
        <IconButton
          label={isFolded ? messages.app.unfoldSidebar : messages.app.foldSidebar}
          icon={<IconLayoutSidebar size={20} aria-hidden />}
          onPress={toggleSidebar}
        />
      </div>
    </nav>
  )
}

interface ItemProps {
  readonly place: Place
  readonly search?: Readonly<Record<string, unknown>>
  readonly isFolded?: boolean
  readonly onGo?: () => void
}

function Item({ place, search, isFolded = false, onGo }: ItemProps) {
  const target = { to: place.to, search } as LinkProps
  return (
    <Link
      {...target}
      {...useCurrent(place, search !== undefined)}
      className={classes(styles['item'], search !== undefined && styles['action'])}
      {...(isFolded ? { title: place.label } : {})}
      {...(onGo === undefined ? {} : { onClick: onGo })}
    >
      {place.icon}
      <span className={styles['word']}>{place.label}</span>
    </Link>
  )
}

/**
 * An entry is marked as current on every page of its subject, not only on the page it opens, so the router's own mark
 * is not used.
 */
function useCurrent(place: Place, isAction: boolean) {
  const subject = useLocation({ select: ({ pathname }) => subjectOf(pathname) })
  const isCurrent = !isAction && subject === subjectOf(place.to)
  const current = isCurrent ? { 'aria-current': 'page' as const } : { 'aria-current': undefined }
  return { activeProps: current, inactiveProps: current }
}

const ON_PHONES = ['/compute/instances', '/sql', '/audit']

/** For phones: three places, and the rest in the More menu. */
export function BottomBar({ onSearch }: { readonly onSearch: () => void }) {
  const places = usePlaces()
  const [isOpen, setOpen] = useState(false)
  const close = () => setOpen(false)
  const shown = ON_PHONES.flatMap((to) => places.filter((place) => place.to === to))
  return (
    <nav aria-label={messages.app.navigation} className={styles['bottom']}>
      {shown.map((place) => (
        <BarItem key={place.to} place={place} />
      ))}
      <Button onPress={() => setOpen(true)}>
        <IconMenu2 size={20} aria-hidden />
        {messages.app.more}
      </Button>
      <Drawer title={messages.app.navigation} isOpen={isOpen} onClose={close}>
        <div className={styles['sheet']}>
          <Button
            className={styles['item'] ?? ''}
            onPress={() => {
              close()
              onSearch()
            }}
          >
            <IconSearch size={20} aria-hidden />
            {messages.app.searchOrJump}
          </Button>
          <Item place={NEW_QUERY} search={{ new: true }} onGo={close} />
          <div className={styles['separator']} />
          {places.map((place) => (
            <Item key={place.to} place={place} onGo={close} />
          ))}
        </div>
      </Drawer>
    </nav>
  )
}

function BarItem({ place }: { readonly place: Place }) {
  return (
    <Link to={place.to} {...useCurrent(place, false)}>
      {place.icon}
      {SHORT[place.to] ?? place.label}
    </Link>
  )
}

/** There is room for only one word. */
const SHORT: Readonly<Record<string, string>> = { '/sql': messages.app.sql }
