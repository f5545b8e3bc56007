/** A transaction as the simulated bank publishes it: the JSON that the format `json` takes. */
export interface BankTransaction {
  readonly id: string;
  readonly lifecycleId?: string;
  readonly accountId: string;
  readonly customerId?: string;
  readonly occurredAt: string;
  readonly amount: { readonly value: string; readonly currency: string };
  readonly direction: 'debit' | 'credit';
  readonly status: 'authorised' | 'declined' | 'pending' | 'booked' | 'reversed';
  readonly channel: string;
  readonly merchant?: {
    readonly id: string;
    readonly name: string;
    readonly mcc: string;
    readonly country: string;
    readonly city: string;
    readonly latitude: number;
    readonly longitude: number;
    readonly terminalId: string;
  };
  readonly counterparty?: { readonly name: string; readonly country: string };
  readonly card?: { readonly token: string; readonly last4: string; readonly entryMode: string };
  readonly balanceAfter?: { readonly value: string; readonly currency: string };
  readonly declineReason?: string;
}
