/** Builds events as Meta sends them. Those of a customer who writes, taps or opens a link also open the window. */
export interface GraphEvents {
  says(psid: string, text: string, at?: number): object;
  /** Taps a quick reply. */
  taps(psid: string, payload: string, title: string, at?: number): object;
  /** Taps a button of a template, or Get Started; `ref` where a m.me link brought the person. */
  postback(psid: string, payload: string, title: string, ref?: string, at?: number): object;
  /** Opens a m.me link in an existing conversation. */
  opensLink(psid: string, ref: string, at?: number): object;
  links(psid: string, code: string, at?: number): object;
  unlinks(psid: string, at?: number): object;
  /** Carries no time of its own. Without ids the watermark alone says what arrived. */
  delivered(psid: string, mids?: readonly string[], watermark?: number): object;
  read(psid: string, watermark?: number): object;
  /** What the Page itself sent comes back as this. */
  echo(psid: string, mid: string, text: string, key?: string): object;
  optsIn(psid: string): object;
}

export function graphEvents(pageId: string, now: () => number, openWindow: (psid: string) => void): GraphEvents {
  let count = 0;
  const mid = (): string => `m_in_${String((count += 1)).padStart(6, '0')}`;
  const from = (psid: string, at: number | undefined): object => ({
    sender: { id: psid },
    recipient: { id: pageId },
    timestamp: at ?? now(),
  });
  const byCustomer = (psid: string, at: number | undefined, rest: object): object => {
    openWindow(psid);
    return { ...from(psid, at), ...rest };
  };

  return {
    says: (psid, text, at) => byCustomer(psid, at, { message: { mid: mid(), text } }),
    taps: (psid, payload, title, at) =>
      byCustomer(psid, at, { message: { mid: mid(), text: title, quick_reply: { payload } } }),
    postback: (psid, payload, title, ref, at) =>
      byCustomer(psid, at, {
        postback: {
          mid: mid(),
          title,
          payload,
          ...(ref === undefined ? {} : { referral: { ref, source: 'SHORTLINK', type: 'OPEN_THREAD' } }),
        },
      }),
    opensLink: (psid, ref, at) => byCustomer(psid, at, { referral: { ref, source: 'SHORTLINK', type: 'OPEN_THREAD' } }),
    links: (psid, code, at) => ({ ...from(psid, at), account_linking: { status: 'linked', authorization_code: code } }),
    unlinks: (psid, at) => ({ ...from(psid, at), account_linking: { status: 'unlinked' } }),
    delivered: (psid, mids, watermark) => ({
      sender: { id: psid },
      recipient: { id: pageId },
      delivery: { ...(mids === undefined ? {} : { mids }), watermark: watermark ?? now() },
    }),
    read: (psid, watermark) => ({ ...from(psid, undefined), read: { watermark: watermark ?? now() } }),
    echo: (psid, id, text, key) => ({
      sender: { id: pageId },
      recipient: { id: psid },
      timestamp: now(),
      message: { is_echo: true, app_id: 1, mid: id, text, ...(key === undefined ? {} : { metadata: key }) },
    }),
    optsIn: (psid) => ({ ...from(psid, undefined), optin: { type: 'checkbox', payload: 'x' } }),
  };
}
