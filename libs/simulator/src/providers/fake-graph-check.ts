/** One utility template that the fake Page has. */
export interface FakeTemplate {
  readonly name: string;
  readonly language: string;
  /** Names of the variables of its body; by position where `format` says so. */
  readonly parameters: readonly string[];
  readonly format?: 'named' | 'positional';
  /** Its POSTBACK buttons, by their labels. */
  readonly buttons?: readonly string[];
}

/** A refusal: code, and subcode where there is one, as `10/2018278`. */
export interface Refusal {
  readonly code: string;
  readonly why: string;
}

/** What a request that is in order says. */
export interface CheckedMessage {
  readonly psid: string;
  readonly text: string;
  readonly key?: string;
  readonly buttons: readonly string[];
  /** Free messages need an open window. */
  readonly needsWindow: boolean;
}

type Loose = Readonly<Record<string, unknown>>;

const deadTags = ['ACCOUNT_UPDATE', 'CONFIRMED_EVENT_UPDATE', 'POST_PURCHASE_UPDATE'];

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const refusal = (code: string, why: string): Refusal => ({ code, why });

/** Refuses every field that was not expected: a real provider would ignore it, and a test would not notice what leaked. */
function surplus(value: Loose, allowed: readonly string[], where: string): Refusal | undefined {
  const name = Object.keys(value).find((key) => !allowed.includes(key));
  return name === undefined ? undefined : refusal('100', `Unexpected field ${where}${name}`);
}

/** Checks the body of a Send API call, strictly, against the one utility shape that this Page accepts. */
export function checkMessage(
  body: unknown,
  shape: 'a' | 'b' | 'c',
  templates: readonly FakeTemplate[],
): CheckedMessage | Refusal {
  if (!isObject(body)) return refusal('100', 'The body is no JSON object');
  const recipient = body['recipient'];
  if (!isObject(recipient) || typeof recipient['id'] !== 'string' || !/^\d{1,32}$/.test(recipient['id'])) {
    return refusal('100', 'Param recipient[id] must be a page-scoped id');
  }
  const psid = recipient['id'];
  const type = body['messaging_type'];
  if (type === 'MESSAGE_TAG') {
    if (deadTags.includes(String(body['tag']))) return refusal('100', 'This message tag is no longer supported');
    return refusal('100', 'Message tags are for people, not for programs');
  }
  if (type === 'UTILITY') return checkUtility(psid, body, shape, templates);
  if (type !== 'RESPONSE' && type !== 'UPDATE') return refusal('100', 'Param messaging_type is missing or unknown');
  return (
    surplus(body, ['recipient', 'messaging_type', 'message', 'notification_type'], '') ??
    checkFree(psid, body['message'])
  );
}

function checkFree(psid: string, message: unknown): CheckedMessage | Refusal {
  if (!isObject(message)) return refusal('100', 'Param message is missing');
  const { text, metadata, quick_replies: replies = [] } = message;
  if (typeof text !== 'string' || text === '') return refusal('100', 'Param message[text] must not be empty');
  if (text.length > 2_000) return refusal('100/2018109', 'Length of param message[text] must be at most 2000');
  const key = checkMetadata(metadata);
  if (typeof key === 'object') return key;
  if (!Array.isArray(replies) || replies.length > 13) return refusal('100', 'At most 13 quick replies');
  const titles: string[] = [];
  for (const reply of replies as readonly unknown[]) {
    if (!isObject(reply) || reply['content_type'] !== 'text')
      return refusal('100', 'A quick reply must be of type text');
    const { title, payload } = reply;
    if (typeof title !== 'string' || title === '' || [...title].length > 20)
      return refusal('100', 'A title has 1 to 20 characters');
    if (typeof payload !== 'string' || payload === '' || payload.length > 1_000)
      return refusal('100', 'A payload has 1 to 1000 characters');
    const extra = surplus(reply, ['content_type', 'title', 'payload', 'image_url'], 'message[quick_replies]');
    if (extra !== undefined) return extra;
    titles.push(title);
  }
  const extra = surplus(message, ['text', 'metadata', 'quick_replies'], 'message.');
  return extra ?? { psid, text, ...(key === undefined ? {} : { key }), buttons: titles, needsWindow: true };
}

function checkMetadata(metadata: unknown): string | undefined | Refusal {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'string' || metadata.length >= 1_000)
    return refusal('100', 'metadata is a text of less than 1000 characters');
  return metadata;
}

function checkUtility(
  psid: string,
  body: Loose,
  shape: 'a' | 'b' | 'c',
  templates: readonly FakeTemplate[],
): CheckedMessage | Refusal {
  const message = body['message'];
  const wrongShape = refusal('100', `This Page takes utility messages in shape ${shape} only`);
  let found: unknown;
  if (shape === 'b') {
    if (message !== undefined) return wrongShape;
    found = body['template'];
  } else {
    if (!isObject(message) || body['template'] !== undefined) return wrongShape;
    const attachment = message['attachment'];
    if (shape === 'a') {
      if (attachment !== undefined) return wrongShape;
      found = message['template'];
    } else {
      if (message['template'] !== undefined || !isObject(attachment) || attachment['type'] !== 'template')
        return wrongShape;
      found = attachment['payload'];
      if (!isObject(found) || found['template_type'] !== 'utility_messages') return wrongShape;
    }
    const extra = surplus(message, ['template', 'attachment', 'metadata'], 'message.');
    if (extra !== undefined) return extra;
  }
  if (!isObject(found)) return wrongShape;
  const key = checkMetadata(isObject(message) ? message['metadata'] : undefined);
  if (typeof key === 'object') return key;
  const extra =
    surplus(body, ['recipient', 'messaging_type', shape === 'b' ? 'template' : 'message'], '') ??
    surplus(found, ['template_type', 'name', 'language', 'components'], 'template.');
  if (extra !== undefined) return extra;

  const code = isObject(found['language']) ? found['language']['code'] : undefined;
  const template = templates.find(({ name, language }) => name === found['name'] && language === code);
  if (template === undefined) return refusal('100/2018047', 'No such template in this language');
  const filled = checkComponents(found['components'], shape, template);
  if ('code' in filled) return filled;
  const text = [template.name, ...filled.values].join(' | ');
  return { psid, text, ...(key === undefined ? {} : { key }), buttons: template.buttons ?? [], needsWindow: false };
}

/** The variables and buttons must be exactly those of the template. */
function checkComponents(
  components: unknown,
  shape: 'a' | 'b' | 'c',
  template: FakeTemplate,
): { readonly values: readonly string[] } | Refusal {
  if (!Array.isArray(components) || !components.every(isObject)) return refusal('100', 'components is a list');
  const parametersOf = (part: Loose): readonly Loose[] =>
    Array.isArray(part['parameters']) ? part['parameters'].filter(isObject) : [];
  const bodies = components.filter(({ type }) => type === 'body');
  const values = bodies.flatMap(parametersOf);
  if (bodies.length > 1 || values.length !== template.parameters.length) {
    return refusal('100', `The template has ${template.parameters.length} variables`);
  }
  const named = template.format !== 'positional';
  const fits = values.every(
    (value, i) =>
      value['type'] === 'text' &&
      typeof value['text'] === 'string' &&
      value['text'] !== '' &&
      value['parameter_name'] === (named ? template.parameters[i] : undefined),
  );
  if (!fits) return refusal('100', 'A variable is empty or has another name');

  const labels = template.buttons ?? [];
  const buttons = components.filter(({ type }) => type !== 'body');
  const payloads =
    shape === 'c'
      ? buttons.flatMap((button, i) =>
          button['type'] === 'button' && button['sub_type'] === 'postback' && button['index'] === i
            ? parametersOf(button).map(({ text }) => text)
            : [undefined],
        )
      : buttons.flatMap((part) =>
          part['type'] === 'buttons'
            ? parametersOf(part).map(({ type, payload }) => (type === 'POSTBACK' ? payload : undefined))
            : [undefined],
        );
  if (
    payloads.length !== labels.length ||
    !payloads.every((payload) => typeof payload === 'string' && payload !== '')
  ) {
    return refusal('100', `The template has ${labels.length} buttons`);
  }
  return { values: values.map(({ text }) => text as string) };
}
