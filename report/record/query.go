package record

import (
	"context"
	"database/sql"
)

// query returns what one reads of each row.
func query[T any](ctx context.Context, s *Store, one func(scan func(...any) error) (T, error), text string, args ...any) (list []T, err error) {
	return queryOf(ctx, s, s.read, one, text, args...)
}

// querier is a database, or a transaction, which sees it as it was at its begin.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func queryOf[T any](ctx context.Context, s *Store, q querier, one func(scan func(...any) error) (T, error), text string, args ...any) (list []T, err error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		v, err := one(rows.Scan)
		if err != nil {
			return nil, s.explain(err)
		}
		list = append(list, v)
	}
	return list, s.explain(rows.Err())
}
