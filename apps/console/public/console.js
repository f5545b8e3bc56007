// The page: draws what the stream of events says, sends what a person does. All text enters as text, never as markup.

const at = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const post = async (path, body) => {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) connection('lost', `the gateway answered ${answer.status}`);
};

function connection(state, text) {
  at('connection').dataset.state = state;
  at('connection').textContent = text;
}

const withoutEmpty = (list) => list.querySelector('.empty')?.remove();

// At the bank

let seen = 0;
const rows = new Map();

function transaction({ id, at: when, merchant, amount, account, status }) {
  const list = at('transactions');
  withoutEmpty(list);
  const row = element(
    'li',
    {},
    element('time', {}, time.format(when)),
    element(
      'span',
      {},
      `${merchant} `,
      element('span', { className: 'who' }, `${account}${status === 'declined' ? ', declined' : ''}`),
    ),
    element('span', {}, amount),
  );
  rows.set(id, row);
  list.prepend(row);
  while (list.children.length > 28) list.lastChild.remove();
  seen += 1;
  at('rate').textContent = `${seen.toLocaleString()} so far.`;
}

function finding({ transactionId, score, evidence }) {
  const row = rows.get(transactionId);
  if (row === undefined || row.querySelector('.evidence') !== null) return;
  row.children[1].classList.add('alarm');
  const lines = evidence.map(({ rule, summary }) => `${rule}: ${summary}`);
  row.append(element('span', { className: 'evidence' }, `score ${score.toFixed(2)}; ${lines.join('; ')}`));
}

// The phone

const channelTitles = { messenger: 'Messenger', sms: 'SMS', email: 'E-mail' };
const cards = new Map();
/** The row is durable before the message leaves, so it is usually here first. */
const disclosures = new Map();

function scrolled(change) {
  const list = at('messages');
  change(list);
  list.scrollTop = list.scrollHeight;
}

function message({ key, channel, text, replies, at: when, from }) {
  scrolled((list) => {
    withoutEmpty(list);
    const buttons = replies.map(({ title, payload }) =>
      element(
        'button',
        {
          type: 'button',
          onclick(event) {
            for (const button of event.target.parentElement.children) button.disabled = true;
            void post('demo/reply', { channel, text: title, payload });
          },
        },
        title,
      ),
    );
    const card = element('div', { className: 'left' }, 'reading the ledger …');
    cards.set(key, card);
    if (disclosures.has(key)) fill(card, disclosures.get(key));
    list.append(
      element(
        'li',
        {},
        element(
          'div',
          { className: 'pair' },
          element(
            'div',
            {},
            element(
              'div',
              { className: 'from' },
              `${from}, ${channelTitles[channel] ?? channel}, ${time.format(when)}`,
            ),
            element('div', { className: 'bubble' }, element('p', {}, text)),
            buttons.length > 0 ? element('div', { className: 'replies' }, ...buttons) : null,
          ),
          card,
        ),
      ),
    );
  });
}

function reply({ text, channel }) {
  scrolled((list) => {
    withoutEmpty(list);
    list.append(
      element(
        'li',
        { className: 'mine' },
        element(
          'div',
          {},
          element('div', { className: 'from' }, `Ana, ${channelTitles[channel] ?? channel}`),
          element('div', { className: 'bubble' }, element('p', {}, text)),
        ),
      ),
    );
  });
}

function disclosure(row) {
  disclosures.set(row.key, row);
  const card = cards.get(row.key);
  if (card !== undefined) fill(card, row);
}

function fill(card, { fields, provider, purpose, ground }) {
  const term = (name, value) => [element('dt', {}, name), element('dd', {}, value)];
  card.replaceChildren(
    element(
      'dl',
      {},
      ...term('left', fields.join(', ')),
      ...term('to', provider),
      ...term('for', purpose),
      ...term('on', ground),
    ),
  );
}

at('write').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = at('write-text').value.trim();
  if (text === '') return;
  void post('demo/reply', { channel: at('write-channel').value, text });
  at('write-text').value = '';
});

// Consent

const classNotes = {
  existence: 'that something happened',
  amount: 'how much',
  merchant: 'where it was paid',
  time: 'when',
  last4: 'the last four digits of the card',
};

function consents({ classes, stopped }) {
  at('classes').replaceChildren(
    ...Object.entries(classes).map(([name, on]) =>
      element(
        'label',
        {},
        element('input', {
          type: 'checkbox',
          checked: on,
          onchange: (event) => void post('demo/consent', { dataClass: name, on: event.target.checked }),
        }),
        element('span', {}, name, ' ', element('small', {}, classNotes[name] ?? '')),
      ),
    ),
    ...(stopped
      ? [element('p', { className: 'hint' }, 'Messenger is stopped. Write START on Messenger to open it again.')]
      : []),
  );
}

// The bank's desk

const requests = new Map();

function request({ requestId, account, reason, at: when }) {
  if (requests.has(requestId)) return;
  const list = at('requests');
  withoutEmpty(list);
  const answer = element('span', {}, 'waiting for the bank …');
  requests.set(requestId, answer);
  list.prepend(
    element(
      'li',
      {},
      element('div', {}, `${time.format(when)} freeze the card of ${account}`),
      element('div', { className: 'from' }, reason),
      answer,
    ),
  );
}

function answer({ requestId, answer: said }) {
  const line = requests.get(requestId);
  if (line === undefined) return;
  line.className = `answer-${said}`;
  line.textContent = said === 'accepted' ? 'The bank confirmed: frozen.' : 'The bank refused.';
}

// The stream

const handlers = { transaction, finding, message, reply, disclosure, consents, request, answer };
const stream = new EventSource('demo/stream');
for (const [name, handler] of Object.entries(handlers)) {
  stream.addEventListener(name, (event) => handler(JSON.parse(event.data)));
}
stream.addEventListener('open', () => {
  // The stream begins with all that happened lately: draw it anew.
  for (const id of ['transactions', 'messages', 'requests'])
    at(id)
      .querySelectorAll('li:not(.empty)')
      .forEach((item) => item.remove());
  rows.clear();
  cards.clear();
  disclosures.clear();
  requests.clear();
  seen = 0;
  connection('live', 'live');
});
stream.addEventListener('error', () => connection('lost', 'Connection lost; trying again …'));
