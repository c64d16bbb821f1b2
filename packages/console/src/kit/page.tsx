/** The frame of a page: its one h1, its actions, tabs as links, sections, toolbars, forms. */
import { Link, useLocation, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef, type SubmitEvent, type ReactNode } from 'react'
import { messages } from '../messages/index.ts'
import { classes } from './classes.ts'
import styles from './page.module.css'

export interface PageProps {
  /** Also in the title of the window: «dev · Roles · Lakegate». */
  readonly title: string
  /** Precedes the page's name in the title of the window, e.g. the tab. */
  readonly section?: string
  readonly badge?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** For pages whose place is clear already, and where vertical space is scarce. */
  readonly isHeadHidden?: boolean
  /** For lists and the SQL editor, which use the whole width. */
  readonly isWide?: boolean
}

export function Page({
  title,
  section,
  badge,
  actions,
  children,
  isWide = false,
  isHeadHidden = false,
}: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = [title, section, messages.app.product].filter((part) => part !== undefined).join(' · ')
  }, [title, section])
  // On a new page the focus moves to the heading, so that screen readers announce it and the keyboard continues from
  // the top (WCAG 2.4.3).
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
  }, [title])
  return (
    <div className={classes(!isWide && styles['page'])}>
      <div className={isHeadHidden ? 'visually-hidden' : styles['head']}>
        <div className={styles['title']}>
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h1>
          {badge}
        </div>
        {actions !== undefined && <div className={styles['actions']}>{actions}</div>}
      </div>
      {children}
    </div>
  )
}

export interface TabLink {
  readonly to: LinkProps['to']
  readonly label: string
  readonly params?: Readonly<Record<string, string>>
  /** Marks the tab as current only at exactly its path; for the index page. */
  readonly isExact?: boolean
}

/** Tabs that are pages: each has its URL. */
export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  const list = useRef<HTMLElement>(null)
  const pathname = useLocation({ select: (location) => location.pathname })
  // On a phone the tabs are wider than the page, so the current one is scrolled into view.
  useEffect(() => {
    const current = list.current?.querySelector('[aria-current="page"]')
    if (current instanceof HTMLElement && list.current !== null)
      list.current.scrollLeft =
        current.offsetLeft - list.current.offsetLeft - (list.current.clientWidth - current.offsetWidth) / 2
  }, [pathname])
  return (
    <nav ref={list} aria-label={label} className={styles['tabs']}>
      {tabs.map((tab) => {
        const target = { to: tab.to, params: tab.params } as LinkProps
        return (
          <Link
            key={tab.label}
            {...target}
            className={styles['tab']}
            data-label={tab.label}
            activeOptions={{ exact: tab.isExact ?? false, includeSearch: false }}
          >
            {tab.label}
          </Link>
        )
      })}
    </nav>
  )
}

export interface SectionProps {
  readonly title?: ReactNode
  /** Beside the title, e.g. a button that adds to the list below. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, actions, children }: SectionProps) {
  return (
    <section className={styles['section']}>
      {actions === undefined && title !== undefined && <h2>{title}</h2>}
      {actions !== undefined && (
        <div className={styles['sectionHead']}>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  )
}

export function Card({ title, children }: { readonly title?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={styles['card']}>
      {title !== undefined && <h2>{title}</h2>}
      {children}
    </section>
  )
}

export interface ToolbarProps {
  readonly children: ReactNode
  /** At the end of the toolbar: buttons that add to the list or download it. */
  readonly actions?: ReactNode
}

/** Filters and actions above a list. */
export const Toolbar = ({ children, actions }: ToolbarProps) => (
  <div className={styles['toolbar']}>
    {children}
    {actions !== undefined && <div className={styles['toolbarEnd']}>{actions}</div>}
  </div>
)

/** One sentence above a list that says what it contains. */
export const Intro = ({ children }: { readonly children: ReactNode }) => (
  <p className={styles['intro']}>{children}</p>
)

export interface FormProps {
  readonly label: string
  readonly onSubmit: () => void
  readonly children: ReactNode
  readonly buttons?: ReactNode
  /** For submit buttons outside the form, in a dialog. */
  readonly id?: string
}

export function Form({ label, onSubmit, children, buttons, id }: FormProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form id={id} className={styles['form']} aria-label={label} onSubmit={submit} noValidate>
      {children}
      {buttons !== undefined && <div className={styles['formButtons']}>{buttons}</div>}
    </form>
  )
}
