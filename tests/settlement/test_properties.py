import time
from tests.settlement.books import *
def test_x(books):
    t=time.time()
    def tick(w):
        nonlocal t; print(w, round(time.time()-t,3)); t=time.time()
    books.open(effort_contract(), population_contract()); tick("open")
    for _ in range(2):
        books.forget(); tick("forget")
        books.prices(*PRICES); tick("prices")
        books.count(10000); tick("count")
        books.deliver(delivery("r1","45A04","2026-01-05",95), delivery("r2","45A04","2026-01-12",50)); tick("deliver")
        r=books.settle("2026-01"); tick("settle")
        books.approve(r); tick("approve")
        books.post(r); tick("post")
        print(said(r))
    assert 0
